/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "A stone falls into the picture: behind the first wave lies the next one.",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    {"NAME": "startImage", "TYPE": "image"},
    {"NAME": "endImage", "TYPE": "image"},
    {"NAME": "progress", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0},
    {"NAME": "waves", "TYPE": "float", "MIN": 1.0, "MAX": 12.0, "DEFAULT": 4.0},
    {"NAME": "height", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5},
    {"NAME": "centre", "TYPE": "point2D", "MIN": [0.0, 0.0], "MAX": [1.0, 1.0], "DEFAULT": [0.5, 0.5]}
  ]
}*/

vec2 mirrored(vec2 uv) { return 1.0 - abs(mod(uv, 2.0) - 1.0); }

void main() {
    float aspect = RENDERSIZE.x / RENDERSIZE.y;
    vec2 d = (isf_FragNormCoord - centre) * vec2(aspect, 1.0);
    float r = max(length(d), 1e-4);
    float reach = length((abs(centre - 0.5) + 0.5) * vec2(aspect, 1.0));
    float front = progress * (reach + 0.45) - 0.1;
    float behind = front - r;
    // The packet: steep at its front, ringing out behind it; all is calm before and after.
    float packet = smoothstep(-0.1, 0.05, behind) * exp(-3.5 * max(behind, 0.0));
    packet *= smoothstep(0.0, 0.06, progress) * (1.0 - smoothstep(0.8, 1.0, progress));
    float turn = 6.28318530718 * waves * behind;
    vec2 push = 0.11 * height * packet * sin(turn) * d / r / vec2(aspect, 1.0);
    vec2 uv = mirrored(isf_FragNormCoord + push);
    float shown = smoothstep(-0.04, 0.12, behind);
    vec4 c = mix(IMG_NORM_PIXEL(startImage, uv), IMG_NORM_PIXEL(endImage, uv), shown);
    float slope = cos(turn) * packet * height;
    vec3 lit = c.rgb * (1.0 + 0.5 * slope) + 0.5 * pow(max(slope, 0.0), 2.0) * packet;
    gl_FragColor = vec4(clamp(lit, 0.0, 1.0), c.a);
}
