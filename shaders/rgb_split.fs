/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "Red and blue slide apart; green stays.",
  "CATEGORIES": ["Filter", "Glitch"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.2, "IDENTITY": 0.0},
    {"NAME": "angle", "TYPE": "float", "MIN": -360.0, "MAX": 360.0, "DEFAULT": 0.0}
  ]
}*/

vec2 mirrored(vec2 uv) { return 1.0 - abs(mod(uv, 2.0) - 1.0); }

void main() {
    vec2 uv = isf_FragNormCoord;
    float turn = radians(angle);
    vec2 d = 0.05 * amount * vec2(cos(turn) * RENDERSIZE.y / RENDERSIZE.x, sin(turn));
    vec4 base = IMG_THIS_PIXEL(inputImage);
    float r = IMG_NORM_PIXEL(inputImage, mirrored(uv - d)).r;
    float b = IMG_NORM_PIXEL(inputImage, mirrored(uv + d)).b;
    gl_FragColor = vec4(r, base.g, b, base.a);
}
