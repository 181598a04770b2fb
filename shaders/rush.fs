/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "The picture streaks outwards from a point, as at speed; bright parts streak furthest.",
  "CATEGORIES": ["Filter", "Blur"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "IDENTITY": 0.0},
    {"NAME": "turn", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.0, "LABEL": "a spiral instead of straight streaks"},
    {"NAME": "centre", "TYPE": "point2D", "MIN": [0.0, 0.0], "MAX": [1.0, 1.0], "DEFAULT": [0.5, 0.5]}
  ]
}*/

const int TAPS = 16;

float hash(vec2 p) { return fract(sin(dot(p, vec2(12.9898, 78.233))) * 43758.5453); }

void main() {
    vec4 base = IMG_THIS_PIXEL(inputImage);
    vec2 wide = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0), p = (isf_FragNormCoord - centre) * wide;
    float jitter = hash(floor(isf_FragNormCoord * 997.0));
    vec3 sum = vec3(0.0);
    float weight = 0.0;
    for (int i = 0; i < TAPS; i++) {
        float k = (float(i) + jitter) / float(TAPS);
        float a = 0.9 * amount * turn * k, s = sin(a), c = cos(a);
        vec2 q = mat2(c, s, -s, c) * p * (1.0 - 0.55 * amount * k);
        vec3 tap = IMG_NORM_PIXEL(inputImage, centre + q / wide).rgb;
        float peak = max(tap.r, max(tap.g, tap.b));
        float w = (1.0 - 0.75 * k) * (0.25 + 1.6 * peak * peak);
        sum += tap * w;
        weight += w;
    }
    vec3 c = mix(base.rgb, sum / weight, min(1.0, 6.0 * amount));
    gl_FragColor = vec4(c, base.a);
}
