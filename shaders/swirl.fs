/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "A whirlpool turns the middle of the picture about itself.",
  "CATEGORIES": ["Filter", "Geometry"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.6, "IDENTITY": 0.0},
    {"NAME": "turns", "TYPE": "float", "MIN": -2.0, "MAX": 2.0, "DEFAULT": 0.75},
    {"NAME": "radius", "TYPE": "float", "MIN": 0.1, "MAX": 1.5, "DEFAULT": 0.7},
    {"NAME": "sway", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.25, "LABEL": "how far it turns to and fro"},
    {"NAME": "centre", "TYPE": "point2D", "MIN": [0.0, 0.0], "MAX": [1.0, 1.0], "DEFAULT": [0.5, 0.5]}
  ]
}*/

vec2 mirrored(vec2 uv) { return 1.0 - abs(mod(uv, 2.0) - 1.0); }

void main() {
    vec4 base = IMG_THIS_PIXEL(inputImage);
    vec2 wide = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0), p = (isf_FragNormCoord - centre) * wide;
    float r = length(p) / radius, pull = max(0.0, 1.0 - r);
    float a = 6.28318530718 * amount * turns * pull * pull * (1.0 + sway * sin(0.9 * TIME));
    p = mat2(cos(a), sin(a), -sin(a), cos(a)) * p * (1.0 - 0.25 * amount * pull);
    vec4 c = IMG_NORM_PIXEL(inputImage, mirrored(centre + p / wide));
    gl_FragColor = amount > 0.0 ? c : base;
}
