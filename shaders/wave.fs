/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "The sound itself, as an oscilloscope draws it: one bright line for each ear, and their afterglow.",
  "CATEGORIES": ["Generator", "Sound", "Feedback"],
  "INPUTS": [
    {"NAME": "sound", "TYPE": "audio", "MAX": 1024},
    {"NAME": "gain", "TYPE": "float", "MIN": 0.2, "MAX": 8.0, "DEFAULT": 2.0},
    {"NAME": "ring", "TYPE": "bool", "DEFAULT": 1.0, "LABEL": "bent to a circle"},
    {"NAME": "glow", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.6, "LABEL": "how long the light stays"},
    {"NAME": "hue", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.38}
  ],
  "PASSES": [
    {"TARGET": "screen_", "PERSISTENT": true, "FLOAT": true},
    {}
  ]
}*/

uniform float beat;
const float TAU = 6.28318530718;

vec3 tint(float h) { return 0.5 + 0.5 * cos(TAU * (h + vec3(0.0, 0.33, 0.67))); }

float sample_(float x, float channel) { return clamp(gain * (2.0 * IMG_NORM_PIXEL(sound, vec2(x, channel)).r - 1.0), -1.0, 1.0); }

// The light of one trace at p: its distance from the line, which is steep where the sound is loud.
float trace(vec2 p, float channel, float side) {
    float x, y, along, aspect = RENDERSIZE.x / RENDERSIZE.y;
    if (ring) {
        // There and back along the ring, so that it closes.
        along = abs(atan(p.x, p.y) / 3.14159265);
        x = 0.15 + 0.7 * along;
        y = length(p) - 0.27 - 0.05 * side;
    } else {
        x = p.x / aspect + 0.5;
        y = p.y - 0.16 * side;
    }
    float d = 0.0025, swing = ring ? 0.12 : 0.18;
    float a = sample_(x - d, channel), b = sample_(x, channel), c = sample_(x + d, channel);
    float low = min(b, 0.5 * (b + min(a, c))), top = max(b, 0.5 * (b + max(a, c)));
    float off = max(0.0, max(swing * low - y, y - swing * top));
    return 0.0016 / (off + 0.0016) * exp(-12.0 * off) + 0.5 * smoothstep(0.004, 0.0, off);
}

void main() {
    vec2 p = (isf_FragNormCoord - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    if (PASSINDEX == 1) {
        vec3 c = IMG_THIS_PIXEL(screen_).rgb;
        c += vec3(0.006, 0.010, 0.016) * (1.2 - length(p));
        gl_FragColor = vec4(1.0 - exp(-1.3 * c), 1.0);
        return;
    }
    float h = hue + 0.05 * sin(0.4 * beat);
    vec3 now = trace(p, 0.25, -1.0) * tint(h) + trace(p, 0.75, 1.0) * tint(h + 0.3);
    float keep = glow > 0.0 && TIME > 0.0 ? exp(-TIMEDELTA / (0.9 * glow * glow)) : 0.0;
    vec3 old = IMG_NORM_PIXEL(screen_, 0.5 + (isf_FragNormCoord - 0.5) * exp(-0.25 * TIMEDELTA)).rgb;
    gl_FragColor = vec4(max(now, old * keep), 1.0);
}
