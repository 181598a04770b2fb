/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "Curtains of northern light over a dark sky; they fold slowly and flare on the beat.",
  "CATEGORIES": ["Generator", "Beat"],
  "INPUTS": [
    {"NAME": "speed", "TYPE": "float", "MIN": 0.0, "MAX": 2.0, "DEFAULT": 0.3},
    {"NAME": "curtains", "TYPE": "float", "MIN": 1.0, "MAX": 5.0, "DEFAULT": 3.0},
    {"NAME": "flare", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.3},
    {"NAME": "hue", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.38}
  ]
}*/

uniform float phase;
const float TAU = 6.28318530718;

vec3 tint(float h) { return 0.5 + 0.5 * cos(TAU * (h + vec3(0.0, -0.33, -0.67))); }

float hash(float n) { return fract(sin(n * 127.1) * 43758.5453); }

float noise(float x) {
    float i = floor(x), f = fract(x);
    return mix(hash(i), hash(i + 1.0), f * f * (3.0 - 2.0 * f));
}

void main() {
    float aspect = RENDERSIZE.x / RENDERSIZE.y;
    vec2 p = vec2((isf_FragNormCoord.x - 0.5) * aspect, isf_FragNormCoord.y);
    float t = TIME * speed;
    vec3 c = mix(vec3(0.010, 0.020, 0.045), vec3(0.020, 0.012, 0.060), p.y);
    for (int i = 0; i < 5; i++) {
        float k = float(i), on = clamp(curtains - k, 0.0, 1.0);
        float x = p.x * (1.0 + 0.25 * k) + 3.0 * k;
        // The foot of the curtain winds; where it turns towards the eye it is brighter.
        float wind = sin(x * 1.7 + t + k) + 0.5 * sin(x * 3.9 - 1.4 * t + 2.0 * k);
        float foot = 0.22 + 0.10 * k + 0.09 * wind;
        float fold = 0.45 + 0.55 * sin(x * 1.7 + t + k + 1.2) * sin(x * 0.9 - 0.4 * t);
        float rays = 0.55 + 0.45 * noise(x * 26.0 + 7.0 * wind + 1.5 * t) * noise(x * 9.0 - 2.0 * t);
        float high = p.y - foot;
        float body = smoothstep(-0.02, 0.03, high) * exp(-max(high, 0.0) * (3.2 - 1.3 * fold));
        float light = on * body * (0.25 + 0.9 * fold * fold) * rays * (1.0 + flare * 1.4 * (1.0 - phase));
        c += light * mix(tint(hue), tint(hue + 0.42), smoothstep(0.0, 0.55, high)) * 0.75;
    }
    gl_FragColor = vec4(1.0 - exp(-1.5 * c), 1.0);
}
