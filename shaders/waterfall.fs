/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "A landscape of sound: the spectrum comes up at the horizon and rolls towards the eye.",
  "CATEGORIES": ["Generator", "Sound", "Feedback"],
  "INPUTS": [
    {"NAME": "notes", "TYPE": "audioFFT"},
    {"NAME": "speed", "TYPE": "float", "MIN": 0.1, "MAX": 2.0, "DEFAULT": 0.45, "LABEL": "how fast it comes nearer"},
    {"NAME": "height", "TYPE": "float", "MIN": 0.1, "MAX": 2.0, "DEFAULT": 1.0},
    {"NAME": "hue", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.62}
  ],
  "PASSES": [
    {"TARGET": "history", "PERSISTENT": true, "FLOAT": true, "WIDTH": "256", "HEIGHT": "128"},
    {}
  ]
}*/

const float TAU = 6.28318530718, RIDGES = 26.0;

vec3 tint(float h) { return 0.5 + 0.5 * cos(TAU * (h + vec3(0.0, 0.33, 0.67))); }

// Low notes in the middle, high ones at both sides, one for each ear.
float heard(float x) {
    float k = abs(x - 0.5) * 2.0, channel = x < 0.5 ? 0.25 : 0.75;
    float v = IMG_NORM_PIXEL(notes, vec2(45.0 * pow(220.0, k) / 24000.0, channel)).r;
    return smoothstep(0.2, 1.0, v + 0.15 * k);
}

float ground(vec2 at) { return IMG_NORM_PIXEL(history, at).r; }

void main() {
    vec2 uv = isf_FragNormCoord;
    if (PASSINDEX == 0) {
        // Row 1 is now; each row further down is older. Whole rows move, the rest waits.
        float rows = RENDERSIZE.y, pace = speed * rows;
        float moved = floor(TIME * pace + 0.001) - floor((TIME - TIMEDELTA) * pace + 0.001);
        if (TIME <= 0.0) gl_FragColor = vec4(0.0);
        else if (gl_FragCoord.y > rows - moved - 0.5) gl_FragColor = vec4(heard(uv.x));
        else gl_FragColor = IMG_PIXEL(history, gl_FragCoord.xy + vec2(0.0, moved));
        return;
    }
    float aspect = RENDERSIZE.x / RENDERSIZE.y;
    vec3 sky = mix(vec3(0.05, 0.02, 0.10), vec3(0.005, 0.008, 0.03), smoothstep(0.62, 1.0, uv.y));
    sky += tint(hue + 0.3) * 0.35 * exp(-16.0 * abs(uv.y - 0.64));
    vec3 c = sky;
    // Ridges from the horizon to the eye; a nearer one hides what is behind it. Only those can be
    // seen here that stand here, a little behind, or before it and high enough.
    vec3 low = tint(hue), high = tint(hue + 0.35);
    float begun = fract(TIME * speed * RIDGES), fine = 1.5 / RENDERSIZE.y;
    float first = floor(sqrt(max(0.0, (0.62 - uv.y) / 0.74)) * RIDGES - begun) - 1.0;
    for (int i = 0; i < 11; i++) {
        float k = (first + float(i) + begun) / RIDGES, near = k * k;
        if (k <= 0.0 || k >= 1.0) continue;
        float x = (uv.x - 0.5) * 1.15 / mix(0.45, 2.6, near) + 0.5;
        float inside = smoothstep(0.5, 0.46, abs(x - 0.5)), loud = ground(vec2(x, 1.0 - k));
        float d = uv.y - mix(0.62, -0.12, near) - height * mix(0.05, 0.34, near) * loud * inside;
        float light = inside * (0.25 + 0.75 * sqrt(k)) * smoothstep(0.0, 0.06, k) * smoothstep(1.0, 0.9, k);
        if (d < 0.0) c = mix(c, vec3(0.012, 0.008, 0.03) + 0.05 * low * exp(7.0 * d) * light, inside);
        float line = (fine * (1.0 + 1.5 * near)) / (abs(d) + fine);
        c += light * line * line * mix(low, high, loud) * (0.35 + 1.3 * loud);
    }
    gl_FragColor = vec4(1.0 - exp(-1.5 * c), 1.0);
}
