/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "Sparks rise from a fire that is out of sight; each beat throws a handful more.",
  "CATEGORIES": ["Generator", "Beat"],
  "INPUTS": [
    {"NAME": "speed", "TYPE": "float", "MIN": 0.0, "MAX": 2.0, "DEFAULT": 0.35},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.6},
    {"NAME": "size", "TYPE": "float", "MIN": 0.2, "MAX": 3.0, "DEFAULT": 1.0},
    {"NAME": "wind", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.2},
    {"NAME": "hue", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.03}
  ]
}*/

uniform float phase;
const float TAU = 6.28318530718;

vec3 tint(float h) { return 0.5 + 0.5 * cos(TAU * (h + vec3(0.0, -0.33, -0.67))); }

vec2 hash2(vec2 p) {
    vec3 q = fract(p.xyx * vec3(0.1031, 0.1030, 0.0973));
    q += dot(q, q.yzx + 33.33);
    return fract((q.xx + q.yz) * q.zy);
}

void main() {
    vec2 p = vec2((isf_FragNormCoord.x - 0.5) * RENDERSIZE.x / RENDERSIZE.y, isf_FragNormCoord.y);
    float t = TIME * speed;
    float hit = (1.0 - phase) * (1.0 - phase);
    vec3 c = tint(hue) * vec3(0.5, 0.32, 0.25) * exp(-3.4 * p.y) * (0.45 + 0.35 * hit + 0.1 * sin(3.0 * t + 4.0 * p.x));
    for (int i = 0; i < 6; i++) {
        float k = float(i), grid = 4.0 + 2.2 * k, pace = 1.1 - 0.1 * k;
        vec2 at = p * grid;
        at.x += 0.35 * sin(p.y * 3.0 + t * 1.3 + k) - wind * p.y * grid * 0.5;
        at.y -= t * grid * pace * 0.8;
        vec2 cell = floor(at), dice = hash2(cell + 31.0 * k);
        // Sparks swirl within their cells, and flicker.
        vec2 d = at - cell - 0.5 - 0.3 * vec2(sin(TAU * dice.x + 2.0 * t), cos(TAU * dice.y + 2.6 * t));
        float lit = step(1.0 - amount * (0.45 + 0.35 * hit), dice.x);
        float flicker = 0.6 + 0.4 * sin(TAU * (dice.y + 2.5 * t * (0.5 + dice.x)));
        float r = length(d * vec2(1.0, 0.75)) / size;
        float light = lit * flicker * 0.004 / (r * r + 0.0035) * smoothstep(0.45, 0.05, r);
        float cool = smoothstep(1.05, 0.1, p.y);
        c += light * cool * mix(tint(hue), vec3(1.0, 0.9, 0.7), 0.45 * smoothstep(0.1, 0.0, r) + 0.15 * dice.y);
    }
    gl_FragColor = vec4(1.0 - exp(-1.6 * c), 1.0);
}
