/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "Folded waves of colour that never repeat.",
  "CATEGORIES": ["Generator"],
  "INPUTS": [
    {"NAME": "speed", "TYPE": "float", "MIN": -2.0, "MAX": 2.0, "DEFAULT": 0.35},
    {"NAME": "scale", "TYPE": "float", "MIN": 0.5, "MAX": 8.0, "DEFAULT": 2.2},
    {"NAME": "hue", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0},
    {"NAME": "contrast", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5}
  ]
}*/

const float TAU = 6.28318530718;

void main() {
    vec2 p = (isf_FragNormCoord - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0) * scale;
    float t = TIME * speed;
    vec2 q = p;
    for (int i = 1; i < 5; i++) {
        float k = float(i);
        q += 0.6 / k * vec2(sin(k * 1.4 * q.y + t + 0.3 * k), cos(k * 1.3 * q.x - 0.9 * t + 1.7 * k));
    }
    float a = 0.5 + 0.5 * sin(q.x * 1.3 + q.y + t * 0.5);
    float b = 0.5 + 0.5 * sin(q.y * 1.7 - q.x * 0.6 - t * 0.7);
    vec3 c = 0.5 + 0.5 * cos(TAU * (hue + 0.45 * a + 0.25 * b + vec3(0.02, 0.30, 0.62)));
    float crest = pow(1.0 - abs(2.0 * b - 1.0), 3.0);
    c *= mix(1.0, 0.25 + 1.0 * a, contrast);
    c += crest * 0.25 * vec3(1.0, 0.85, 0.7);
    gl_FragColor = vec4(1.0 - exp(-1.4 * c), 1.0);
}
