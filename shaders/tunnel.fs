/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "A flight down a ribbed tube of light; a ring lights up on the beat and runs away.",
  "CATEGORIES": ["Generator", "Beat"],
  "INPUTS": [
    {"NAME": "speed", "TYPE": "float", "MIN": -4.0, "MAX": 4.0, "DEFAULT": 0.6},
    {"NAME": "twist", "TYPE": "float", "MIN": -2.0, "MAX": 2.0, "DEFAULT": 0.4},
    {"NAME": "sides", "TYPE": "float", "MIN": 3.0, "MAX": 24.0, "DEFAULT": 8.0},
    {"NAME": "hue", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.58}
  ]
}*/

uniform float phase;
const float TAU = 6.28318530718;

vec3 tint(float h) { return 0.5 + 0.5 * cos(TAU * (h + vec3(0.0, 0.33, 0.67))); }

void main() {
    vec2 p = (isf_FragNormCoord - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    p += 0.05 * vec2(sin(TIME * 0.4), cos(TIME * 0.31));
    float r = max(length(p), 1e-3);
    float depth = 0.35 / r;
    float turn = atan(p.y, p.x) / TAU + twist * 0.12 * depth;
    float n = floor(sides + 0.5);
    float rib = 0.5 + 0.5 * cos(TAU * turn * n);
    float ring = 0.5 + 0.5 * cos(TAU * (depth * 1.5 + TIME * speed));
    float lattice = pow(rib, 6.0) + pow(ring, 8.0) * 0.9 + pow(rib * ring, 2.0) * 0.8;
    float pulse = exp(-pow((depth - 0.4 - 4.0 * phase) * 2.2, 2.0)) * (1.0 - phase);
    vec3 c = tint(hue + 0.16 * depth + 0.18 * sin(TAU * turn)) * lattice + tint(hue + 0.45) * pulse * (0.35 + 0.9 * rib);
    c += tint(hue + 0.12 + 0.1 * sin(TIME * 0.23)) * 0.14;
    float fog = smoothstep(0.0, 0.42, r);
    gl_FragColor = vec4(1.0 - exp(-1.5 * c * fog), 1.0);
}
