/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "Rings of water run outwards and bend the picture; each beat throws a new stone.",
  "CATEGORIES": ["Filter", "Geometry", "Beat"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.4, "IDENTITY": 0.0},
    {"NAME": "waves", "TYPE": "float", "MIN": 1.0, "MAX": 20.0, "DEFAULT": 6.0},
    {"NAME": "speed", "TYPE": "float", "MIN": -4.0, "MAX": 4.0, "DEFAULT": 1.0},
    {"NAME": "stone", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5},
    {"NAME": "centre", "TYPE": "point2D", "MIN": [0.0, 0.0], "MAX": [1.0, 1.0], "DEFAULT": [0.5, 0.5]}
  ]
}*/

uniform float phase;

vec2 mirrored(vec2 uv) { return 1.0 - abs(mod(uv, 2.0) - 1.0); }

void main() {
    float aspect = RENDERSIZE.x / RENDERSIZE.y;
    vec2 d = (isf_FragNormCoord - centre) * vec2(aspect, 1.0);
    float r = max(length(d), 1e-4);
    float turn = 6.28318530718 * (waves * r - speed * TIME);
    // The ring of the last beat: a packet of waves as far out as the beat is old.
    float out_there = (r - 1.3 * phase) * 5.0;
    float packet = 2.0 * stone * exp(-out_there * out_there) * (1.0 - phase);
    float height = amount * (1.0 - stone * 0.6 + packet) * smoothstep(0.0, 0.12, r) / (1.0 + 1.5 * r);
    vec2 push = 0.035 * height * sin(turn) * d / r;
    vec4 c = IMG_NORM_PIXEL(inputImage, mirrored(isf_FragNormCoord - push / vec2(aspect, 1.0)));
    float slope = cos(turn) * height;
    float shine = pow(max(0.0, slope * dot(d / r, normalize(vec2(-0.6, 0.8)))), 2.0);
    gl_FragColor = vec4(min(c.rgb * (1.0 + 0.3 * slope) + 0.22 * shine, 1.0), c.a);
}
