/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "A round window opens on the next picture, or on as many corners as you like.",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    {"NAME": "startImage", "TYPE": "image"},
    {"NAME": "endImage", "TYPE": "image"},
    {"NAME": "progress", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0},
    {"NAME": "corners", "TYPE": "float", "MIN": 0.0, "MAX": 8.0, "DEFAULT": 0.0},
    {"NAME": "softness", "TYPE": "float", "MIN": 0.005, "MAX": 0.5, "DEFAULT": 0.06},
    {"NAME": "centre", "TYPE": "point2D", "MIN": [0.0, 0.0], "MAX": [1.0, 1.0], "DEFAULT": [0.5, 0.5]}
  ]
}*/

const float TAU = 6.28318530718;

void main() {
    vec2 uv = isf_FragNormCoord;
    float aspect = RENDERSIZE.x / RENDERSIZE.y;
    vec2 d = (uv - centre) * vec2(aspect, 1.0);
    float r = max(length(d), 1e-4);
    float n = floor(corners + 0.5);
    if (n >= 3.0) {
        float wedge = TAU / n;
        float a = mod(atan(d.x, d.y) + 1.2 * progress, wedge) - 0.5 * wedge;
        r *= cos(a);
    }
    float reach = length((abs(centre - 0.5) + 0.5) * vec2(aspect, 1.0));
    float edge = progress * progress * (reach + softness);
    edge = mix(edge, progress * (reach + softness), 0.5);
    float shown = 1.0 - smoothstep(edge - softness, edge, r);
    // The rim is a lens.
    vec2 bend = d / max(r, 1e-4) / vec2(aspect, 1.0) * 0.25 * softness * shown * (1.0 - shown);
    vec4 c = mix(IMG_NORM_PIXEL(startImage, uv), IMG_NORM_PIXEL(endImage, uv - bend), shown);
    gl_FragColor = vec4(min(c.rgb * (1.0 + 1.2 * shown * (1.0 - shown)), 1.0), c.a);
}
