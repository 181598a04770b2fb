/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "A dive: the old picture rushes past as streaks, and the next one rises out of them.",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    {"NAME": "startImage", "TYPE": "image"},
    {"NAME": "endImage", "TYPE": "image"},
    {"NAME": "progress", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0},
    {"NAME": "depth", "TYPE": "float", "MIN": 0.1, "MAX": 3.0, "DEFAULT": 1.1}
  ]
}*/

const int TAPS = 14;

vec2 mirrored(vec2 uv) { return 1.0 - abs(mod(uv, 2.0) - 1.0); }

float hash(vec2 p) { return fract(sin(dot(p, vec2(12.9898, 78.233))) * 43758.5453); }

void main() {
    vec2 p = isf_FragNormCoord - 0.5;
    float k = progress * progress * (3.0 - 2.0 * progress);
    float speed = 4.0 * progress * (1.0 - progress);
    float jitter = hash(gl_FragCoord.xy) - 0.5;
    vec4 old = vec4(0.0), young = vec4(0.0);
    for (int i = 0; i < TAPS; i++) {
        // The shutter is open while the camera moves, so each tap is a little deeper.
        float blur = 0.35 * depth * speed * ((float(i) + 0.5 + jitter) / float(TAPS) - 0.5);
        old += IMG_NORM_PIXEL(startImage, mirrored(0.5 + p * exp(-depth * k + blur)));
        young += IMG_NORM_PIXEL(endImage, mirrored(0.5 + p * exp(depth * (1.0 - k) + blur)));
    }
    float shown = smoothstep(0.3, 0.7, progress);
    vec4 c = mix(old, young, shown) / float(TAPS);
    float core = exp(-14.0 * dot(p, p)) * speed * speed;
    gl_FragColor = vec4(min(c.rgb * (1.0 + 0.45 * core), 1.0), c.a);
}
