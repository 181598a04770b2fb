/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "Drops of dyed oil between two glasses, lit from behind: the light show of the sixties.",
  "CATEGORIES": ["Generator"],
  "INPUTS": [
    {"NAME": "speed", "TYPE": "float", "MIN": 0.0, "MAX": 2.0, "DEFAULT": 0.4},
    {"NAME": "size", "TYPE": "float", "MIN": 0.2, "MAX": 2.0, "DEFAULT": 1.0},
    {"NAME": "hue", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0}
  ]
}*/

uniform float phase;
const float TAU = 6.28318530718;

vec3 dye(float h) { return 0.52 + 0.48 * cos(TAU * (h + hue + vec3(0.0, 0.36, 0.70))); }

// Twelve drifting drops that melt together: the height of the film, and whose dye rules here.
vec2 film(vec2 p, float t, float seed) {
    float height = 0.0, shade = 0.0;
    for (int i = 0; i < 12; i++) {
        float k = float(i) + seed;
        vec2 at = vec2(0.95 * sin(k * 2.40 + t * (0.31 + 0.05 * sin(k))),
                       0.55 * cos(k * 1.71 + t * (0.27 + 0.06 * cos(k * 1.3))));
        float r = size * (0.13 + 0.07 * sin(k * 5.1 + t * 0.6));
        float near = r * r / (dot(p - at, p - at) + 0.002);
        height += near;
        shade += near * fract(k * 0.381966);
    }
    return vec2(height, shade / height);
}

void main() {
    vec2 p = (isf_FragNormCoord - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float t = TIME * speed;
    p += 0.05 * vec2(sin(p.y * 5.0 + t), cos(p.x * 4.0 - t * 0.8));
    vec2 low = film(p, t, 3.0);
    vec2 top = film(p * 1.25 + 0.1, t * 1.3 + 9.0, 17.0);
    vec3 c = dye(0.12 + 0.10 * sin(t * 0.2) + 0.25 * p.y) * 0.75;
    float a = smoothstep(0.85, 1.05, low.x), b = smoothstep(0.95, 1.15, top.x);
    c = mix(c, dye(0.35 + low.y * 0.9) * (0.55 + 0.45 * min(low.x - 0.6, 1.4)), a);
    c = mix(c, c * dye(0.7 + top.y) * 1.7, b * 0.85);
    float rim = smoothstep(0.25, 0.0, abs(low.x - 1.0)) + smoothstep(0.2, 0.0, abs(top.x - 1.08));
    c *= 1.0 - 0.38 * rim;
    c *= 1.0 + 0.12 * (1.0 - phase);
    gl_FragColor = vec4(clamp(1.0 - exp(-1.9 * max(c, 0.0)), 0.0, 1.0), 1.0);
}
