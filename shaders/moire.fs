/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "Two fields of rings slide over each other, and a third pattern appears that nobody drew.",
  "CATEGORIES": ["Generator"],
  "INPUTS": [
    {"NAME": "speed", "TYPE": "float", "MIN": -2.0, "MAX": 2.0, "DEFAULT": 0.3},
    {"NAME": "rings", "TYPE": "float", "MIN": 5.0, "MAX": 60.0, "DEFAULT": 13.0},
    {"NAME": "apart", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.35},
    {"NAME": "hard", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5},
    {"NAME": "hue", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.86}
  ]
}*/

const float TAU = 6.28318530718;

vec3 tint(float h) { return 0.55 + 0.45 * cos(TAU * (h + vec3(0.0, 0.33, 0.67))); }

float field(vec2 p, float t, float turn) {
    float rays = 0.02 * sin(6.0 * atan(p.y, p.x) + turn);
    return sin(TAU * (rings * (length(p) + rays) - t));
}

void main() {
    vec2 p = (isf_FragNormCoord - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float t = TIME * speed;
    vec2 way = apart * 0.45 * vec2(cos(t * 0.9), sin(t * 1.1));
    float a = field(p - way, 0.8 * t, t), b = field(p + way, -0.6 * t, -t);
    float both = a * b;
    float edge = mix(1.0, max(0.08, TAU * rings * 1.2 / RENDERSIZE.y), hard);
    float light = 0.5 + 0.5 * clamp(both / edge, -1.0, 1.0);
    float slow = 0.5 + 0.5 * cos(TAU * rings * (length(p - way) - length(p + way)) - 1.4 * t);
    vec3 front = tint(hue + 0.22 * slow), back = tint(hue + 0.45 + 0.2 * slow) * 0.16;
    vec3 c = mix(back, front * (0.5 + 0.6 * slow), light);
    gl_FragColor = vec4(c * (1.0 - 0.45 * dot(p, p)), 1.0);
}
