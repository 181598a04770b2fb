/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "The picture folds into a turning kaleidoscope and unfolds as the next one.",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    {"NAME": "startImage", "TYPE": "image"},
    {"NAME": "endImage", "TYPE": "image"},
    {"NAME": "progress", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0},
    {"NAME": "sides", "TYPE": "float", "MIN": 2.0, "MAX": 12.0, "DEFAULT": 6.0},
    {"NAME": "turns", "TYPE": "float", "MIN": -2.0, "MAX": 2.0, "DEFAULT": 0.5}
  ]
}*/

const float TAU = 6.28318530718;

vec2 mirrored(vec2 uv) { return 1.0 - abs(mod(uv, 2.0) - 1.0); }

vec2 turned(vec2 p, float a) { return vec2(cos(a) * p.x - sin(a) * p.y, sin(a) * p.x + cos(a) * p.y); }

// Where the picture is read that has turned by `a` and is folded so far.
vec2 place(vec2 p, vec2 wide, float a, float fold) {
    float wedge = TAU / floor(sides + 0.5);
    float sector = abs(mod(atan(p.y, p.x) - a + 0.5 * wedge, wedge) - 0.5 * wedge);
    vec2 folded = length(p) * vec2(cos(sector), sin(sector)) * (1.0 - 0.25 * fold);
    return mirrored(0.5 + mix(turned(p, -a), turned(folded, TAU * 0.1 + a), fold) / wide);
}

void main() {
    vec2 wide = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 p = (isf_FragNormCoord - 0.5) * wide;
    float fold = smoothstep(0.0, 0.4, progress) * (1.0 - smoothstep(0.6, 1.0, progress));
    float k = progress * progress * (3.0 - 2.0 * progress);
    // The old picture turns away from where it stood, the next one comes to rest there.
    vec4 old = IMG_NORM_PIXEL(startImage, place(p, wide, TAU * turns * k, fold));
    vec4 young = IMG_NORM_PIXEL(endImage, place(p, wide, TAU * turns * (k - 1.0), fold));
    vec4 c = mix(old, young, smoothstep(0.35, 0.65, progress));
    gl_FragColor = vec4(min(c.rgb * (1.0 + 0.25 * fold), 1.0), c.a);
}
