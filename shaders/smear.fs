/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "Wet paint: what was there is pushed along by the light and shade of what is.",
  "CATEGORIES": ["Filter", "Feedback"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.7, "IDENTITY": 0.0},
    {"NAME": "flow", "TYPE": "float", "MIN": 0.0, "MAX": 2.0, "DEFAULT": 1.0},
    {"NAME": "gravity", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.25}
  ],
  "PASSES": [
    {"TARGET": "wet", "PERSISTENT": true, "FLOAT": true},
    {}
  ]
}*/

vec2 mirrored(vec2 uv) { return 1.0 - abs(mod(uv, 2.0) - 1.0); }

float light(vec2 uv) { return dot(IMG_NORM_PIXEL(inputImage, uv).rgb, vec3(0.2126, 0.7152, 0.0722)); }

void main() {
    vec4 base = IMG_THIS_PIXEL(inputImage);
    vec2 uv = isf_FragNormCoord, wide = vec2(RENDERSIZE.y / RENDERSIZE.x, 1.0);
    if (PASSINDEX == 1) {
        gl_FragColor = vec4(mix(base.rgb, IMG_NORM_PIXEL(wet, uv).rgb, min(1.0, 4.0 * amount)), base.a);
        return;
    }
    if (TIME <= 0.0) {
        gl_FragColor = base;
        return;
    }
    vec2 h = 0.012 * wide;
    vec2 slope = vec2(light(uv + vec2(h.x, 0.0)) - light(uv - vec2(h.x, 0.0)),
                      light(uv + vec2(0.0, h.y)) - light(uv - vec2(0.0, h.y)));
    // Along the contours, as a brush goes, and a little downhill.
    vec2 push = vec2(-slope.y, slope.x) * 0.9 + 0.25 * slope;
    push = push * 1.6 * flow + vec2(0.0, 0.16 * gravity);
    vec3 old = IMG_NORM_PIXEL(wet, mirrored(uv + push * wide * TIMEDELTA)).rgb;
    float fresh = 1.0 - exp(-TIMEDELTA * 30.0 * pow(0.012, amount));
    gl_FragColor = vec4(mix(old, base.rgb, fresh), 1.0);
}
