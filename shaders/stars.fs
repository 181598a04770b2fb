/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "A flight through stars; the beat is a jump, and they stretch to lines.",
  "CATEGORIES": ["Generator", "Beat"],
  "INPUTS": [
    {"NAME": "speed", "TYPE": "float", "MIN": -2.0, "MAX": 2.0, "DEFAULT": 0.25},
    {"NAME": "density", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.6},
    {"NAME": "stretch", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.35},
    {"NAME": "turn", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.1},
    {"NAME": "hue", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.3}
  ]
}*/

uniform float phase;
const float TAU = 6.28318530718;
const int SHELLS = 9;

vec3 tint(float h) { return 0.6 + 0.4 * cos(TAU * (h + vec3(0.0, 0.33, 0.67))); }

vec2 hash2(vec2 p) {
    vec3 q = fract(p.xyx * vec3(0.1031, 0.1030, 0.0973));
    q += dot(q, q.yzx + 33.33);
    return fract((q.xx + q.yz) * q.zy);
}

void main() {
    vec2 p = (isf_FragNormCoord - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float a = TAU * turn * 0.25 * TIME * speed;
    p = vec2(cos(a) * p.x - sin(a) * p.y, sin(a) * p.x + cos(a) * p.y);
    float jump = (1.0 - phase) * (1.0 - phase);
    vec3 c = vec3(0.0);
    for (int i = 0; i < SHELLS; i++) {
        // Each shell of stars comes from afar to the eye, fades in, and begins again with others.
        float age = TIME * speed + float(i) / float(SHELLS);
        float near = fract(age), round_ = floor(age) + 17.0 * float(i);
        vec2 at = p * mix(9.0, 0.6, near);
        vec2 cell = floor(at), place = hash2(cell + round_ * 3.7);
        vec2 inside = at - cell, d = inside - 0.3 - 0.4 * place;
        vec2 way = normalize(at + 1e-4), side = vec2(-way.y, way.x);
        float long_ = 1.0 + 14.0 * stretch * (0.25 + 0.75 * jump) * near;
        float r = length(vec2(dot(d, way) / long_, dot(d, side)));
        vec2 dice = hash2(cell * 1.7 + round_);
        float lit = step(1.0 - density, dice.x) * smoothstep(0.0, 0.25, near) * smoothstep(1.0, 0.85, near);
        float size = mix(0.012, 0.034, dice.y * dice.y);
        // A star lives in its cell and is gone at the walls, however long it is drawn.
        vec2 walls = smoothstep(0.5, 0.25, abs(inside - 0.5));
        float light = size * size / (r * r + 0.0003) * smoothstep(0.3, 0.0, r) * walls.x * walls.y;
        c += lit * light * mix(vec3(1.0), tint(hue + 0.25 * dice.y), 0.75);
    }
    vec3 haze = tint(hue + 0.1) * 0.10 * exp(-2.2 * length(p)) * (0.6 + 0.6 * jump);
    gl_FragColor = vec4(1.0 - exp(-2.4 * c) + haze * (1.0 - c), 1.0);
}
