/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "Op art: a chequered cloth over a swelling ball that breathes with the beat.",
  "CATEGORIES": ["Generator", "Beat"],
  "INPUTS": [
    {"NAME": "speed", "TYPE": "float", "MIN": -2.0, "MAX": 2.0, "DEFAULT": 0.3},
    {"NAME": "tiles", "TYPE": "float", "MIN": 2.0, "MAX": 40.0, "DEFAULT": 12.0},
    {"NAME": "bulge", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.6},
    {"NAME": "stripes", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0},
    {"NAME": "ink", "TYPE": "color", "DEFAULT": [0.03, 0.03, 0.06, 1.0]},
    {"NAME": "paper", "TYPE": "color", "DEFAULT": [0.96, 0.94, 0.88, 1.0]}
  ]
}*/

uniform float phase;

void main() {
    vec2 p = (isf_FragNormCoord - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float t = TIME * speed;
    vec2 middle = 0.28 * vec2(sin(t * 0.9), cos(t * 0.7));
    vec2 d = p - middle;
    float beat_push = 0.35 * (1.0 - phase) * (1.0 - phase);
    float ball = exp(-5.0 * dot(d, d));
    vec2 q = p - d * bulge * (0.85 + beat_push) * ball;
    q += 0.04 * vec2(sin(5.0 * q.y + t * 2.0), sin(5.0 * q.x - t * 1.6));
    vec2 cloth = (q + vec2(0.15 * t, 0.06 * t)) * tiles;
    // Waves as wide as the pixel makes them: squares without stairs at any distance.
    vec2 wave = sin(3.14159265 * cloth);
    vec2 edge = 3.14159265 * fwidth(cloth) + 0.02;
    vec2 sides = clamp(wave / edge, -1.0, 1.0);
    float squares = 0.5 + 0.5 * sides.x * mix(sides.y, 1.0, stripes);
    float shade = 1.0 - 0.55 * smoothstep(0.15, 0.75, length(d)) + 0.25 * ball * bulge;
    gl_FragColor = vec4(clamp(mix(ink.rgb, paper.rgb * shade, squares), 0.0, 1.0), 1.0);
}
