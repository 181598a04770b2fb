/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "Glowing lines, as on an oscilloscope: knots that the beat strikes like strings.",
  "CATEGORIES": ["Generator", "Beat"],
  "INPUTS": [
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.7, "LABEL": "how far the lines swing"},
    {"NAME": "lines", "TYPE": "float", "MIN": 1.0, "MAX": 9.0, "DEFAULT": 5.0},
    {"NAME": "waves", "TYPE": "float", "MIN": 0.5, "MAX": 12.0, "DEFAULT": 3.0},
    {"NAME": "speed", "TYPE": "float", "MIN": -4.0, "MAX": 4.0, "DEFAULT": 0.8},
    {"NAME": "hue", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.45}
  ]
}*/

uniform float beat, phase;
const float TAU = 6.28318530718;

vec3 tint(float h) { return 0.5 + 0.5 * cos(TAU * (h + vec3(0.0, 0.33, 0.67))); }

void main() {
    float aspect = RENDERSIZE.x / RENDERSIZE.y;
    vec2 p = (isf_FragNormCoord - 0.5) * vec2(aspect, 1.0);
    float x = p.x / aspect;
    float count = floor(lines + 0.5);
    // A string held at both ends; struck at the beat, it rings out until the next.
    float held = cos(3.14159265 * x);
    float ring = 0.35 + 0.65 * exp(-3.0 * phase);
    vec3 c = vec3(0.0);
    for (int i = 0; i < 9; i++) {
        float k = float(i), on = step(k + 0.5, count);
        float t = TIME * speed * (1.0 + 0.13 * k) + 1.7 * k;
        float y = sin(TAU * waves * x * (1.0 + 0.11 * k) + t * 2.0) * cos(TAU * 0.5 * x * (k + 1.0) - t);
        y += 0.35 * ring * sin(TAU * (waves * 2.6 + k) * x - t * 5.0);
        y *= 0.30 * amount * held * held * ring;
        y += 0.30 * (1.0 - amount) * (k - 0.5 * (count - 1.0)) / max(count, 2.0);
        // Distance to the line, not height above it: steep parts stay as thin as flat ones.
        float slope = max(0.0, length(vec2(dFdx(y), 1.0 / RENDERSIZE.y)) * RENDERSIZE.y);
        float d = abs(p.y - y) / slope;
        float light = 0.0030 / (d + 0.0012) * smoothstep(0.5, 0.0, d) * exp(-7.0 * abs(p.y - y));
        c += on * light * mix(tint(hue + 0.06 * k + 0.1 * sin(beat * 0.4)), vec3(1.0), 0.25 * exp(-d * 220.0));
    }
    gl_FragColor = vec4(1.0 - exp(-0.9 * c * (0.7 + 0.6 * ring)), 1.0);
}
