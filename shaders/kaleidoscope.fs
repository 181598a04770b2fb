/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "Folds the picture into a star of mirrored wedges.",
  "CATEGORIES": ["Filter", "Geometry"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 1.0, "IDENTITY": 0.0},
    {"NAME": "segments", "TYPE": "float", "MIN": 2.0, "MAX": 24.0, "DEFAULT": 6.0},
    {"NAME": "angle", "TYPE": "float", "MIN": -360.0, "MAX": 360.0, "DEFAULT": 0.0},
    {"NAME": "zoom", "TYPE": "float", "MIN": 0.25, "MAX": 4.0, "DEFAULT": 1.0},
    {"NAME": "centre", "TYPE": "point2D", "MIN": [0.0, 0.0], "MAX": [1.0, 1.0], "DEFAULT": [0.5, 0.5]}
  ]
}*/

const float TAU = 6.28318530718;

vec2 mirrored(vec2 uv) { return 1.0 - abs(mod(uv, 2.0) - 1.0); }

void main() {
    vec4 base = IMG_THIS_PIXEL(inputImage);
    float aspect = RENDERSIZE.x / RENDERSIZE.y;
    vec2 p = (isf_FragNormCoord - 0.5) * vec2(aspect, 1.0) / zoom;
    float wedge = TAU / max(2.0, floor(segments + 0.5));
    float turn = atan(p.y, p.x) - 0.25 * TAU;
    turn = abs(mod(turn + 0.5 * wedge, wedge) - 0.5 * wedge) + radians(angle);
    vec2 folded = length(p) * vec2(sin(turn), cos(turn));
    vec4 star = IMG_NORM_PIXEL(inputImage, mirrored(folded / vec2(aspect, 1.0) + centre));
    gl_FragColor = mix(base, star, amount);
}
