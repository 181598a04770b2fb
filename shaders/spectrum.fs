/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "The sound as a ring of bars, low notes below and high ones above, left and right for the two ears.",
  "CATEGORIES": ["Generator", "Sound"],
  "INPUTS": [
    {"NAME": "notes", "TYPE": "audioFFT"},
    {"NAME": "bars", "TYPE": "float", "MIN": 8.0, "MAX": 96.0, "DEFAULT": 40.0},
    {"NAME": "radius", "TYPE": "float", "MIN": 0.1, "MAX": 0.6, "DEFAULT": 0.26},
    {"NAME": "gain", "TYPE": "float", "MIN": 0.2, "MAX": 3.0, "DEFAULT": 1.1},
    {"NAME": "hue", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.55},
    {"NAME": "turn", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.0, "LABEL": "turns in a minute"}
  ]
}*/

uniform float phase;
const float TAU = 6.28318530718;

vec3 tint(float h) { return 0.5 + 0.5 * cos(TAU * (h + vec3(0.0, 0.33, 0.67))); }

// The loudness of one bar: the scale of pitch from 40 Hz up, a taste brighter at its top.
float loud(float k, float channel) {
    float hz = 40.0 * pow(300.0, k), bins = IMG_SIZE(notes).x;
    float at = hz / 24000.0, wide = max(0.5 / bins, 0.35 * at / bars);
    float v = 0.0;
    for (int i = -1; i <= 1; i++) v = max(v, IMG_NORM_PIXEL(notes, vec2(at + float(i) * wide, channel)).r);
    return clamp(gain * (smoothstep(0.15, 1.0, v + 0.12 * k) * 1.05), 0.0, 1.0);
}

void main() {
    float aspect = RENDERSIZE.x / RENDERSIZE.y;
    vec2 p = (isf_FragNormCoord - 0.5) * vec2(aspect, 1.0);
    float a = TAU * turn * TIME / 60.0;
    vec2 q = mat2(cos(a), sin(a), -sin(a), cos(a)) * p;
    float r = length(p), up = atan(abs(q.x), -q.y) / 3.14159265;
    float channel = q.x < 0.0 ? 0.25 : 0.75;
    float n = floor(bars + 0.5), place = up * n, bar = min(floor(place), n - 1.0);
    float high = loud((bar + 0.5) / n, channel), bass = loud(0.08, 0.5);
    float inner = radius * (1.0 + 0.10 * bass);
    float length_ = 0.012 + high * (0.5 - radius) * 0.95;
    // Bars with round gaps between them, as wide on the screen as their ring allows.
    float gap = abs(fract(place) - 0.5) * 3.14159265 * r / n;
    float half_ = 0.36 * 3.14159265 * inner / n;
    float fine = 1.5 / RENDERSIZE.y;
    float body = smoothstep(fine, -fine, gap - half_) * smoothstep(-fine, fine, r - inner)
               * smoothstep(fine, -fine, r - inner - length_);
    vec3 c = body * mix(tint(hue + 0.28 * up), vec3(1.0), 0.45 * smoothstep(0.0, 0.5, r - inner));
    float halo = exp(-26.0 * max(0.0, r - inner - length_)) * smoothstep(-fine, fine, r - inner);
    c += 0.22 * halo * tint(hue + 0.28 * up) * (0.3 + high);
    float ring = exp(-pow((r - inner) * 90.0, 2.0));
    c += ring * 0.5 * tint(hue + 0.3 * up);
    c += tint(hue + 0.12) * 0.5 * bass * exp(-9.0 * r) + tint(hue - 0.1) * 0.05 * exp(-3.0 * r) * (1.0 + 0.5 * (1.0 - phase));
    gl_FragColor = vec4(1.0 - exp(-1.8 * c), 1.0);
}
