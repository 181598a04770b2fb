/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "Out of focus, from a breath to a fog; the cost is the same for any width.",
  "CATEGORIES": ["Filter", "Blur"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "IDENTITY": 0.0}
  ],
  "PASSES": [
    {"TARGET": "half_", "WIDTH": "ceil($WIDTH/2)", "HEIGHT": "ceil($HEIGHT/2)"},
    {"TARGET": "level1", "WIDTH": "ceil(272*$WIDTH/$HEIGHT)", "HEIGHT": "272"},
    {"TARGET": "level2", "WIDTH": "ceil(136*$WIDTH/$HEIGHT)", "HEIGHT": "136"},
    {"TARGET": "level3", "WIDTH": "ceil(68*$WIDTH/$HEIGHT)", "HEIGHT": "68"},
    {"TARGET": "level4", "WIDTH": "ceil(34*$WIDTH/$HEIGHT)", "HEIGHT": "34"},
    {"TARGET": "level5", "WIDTH": "ceil(17*$WIDTH/$HEIGHT)", "HEIGHT": "17"},
    {}
  ]
}*/

// A tent of nine taps: halves a level, or smooths one that is drawn larger.
#define TENT(img, uv, d) (0.25 * IMG_NORM_PIXEL(img, uv) \
    + 0.125 * (IMG_NORM_PIXEL(img, uv + vec2(d.x, 0.0)) + IMG_NORM_PIXEL(img, uv - vec2(d.x, 0.0)) \
             + IMG_NORM_PIXEL(img, uv + vec2(0.0, d.y)) + IMG_NORM_PIXEL(img, uv - vec2(0.0, d.y))) \
    + 0.0625 * (IMG_NORM_PIXEL(img, uv + d) + IMG_NORM_PIXEL(img, uv - d) \
              + IMG_NORM_PIXEL(img, uv + vec2(d.x, -d.y)) + IMG_NORM_PIXEL(img, uv - vec2(d.x, -d.y))))

void main() {
    vec2 uv = isf_FragNormCoord, d = 0.75 / RENDERSIZE;
    if (PASSINDEX == 0) gl_FragColor = TENT(inputImage, uv, d);
    else if (PASSINDEX == 1) gl_FragColor = TENT(half_, uv, d);
    else if (PASSINDEX == 2) gl_FragColor = TENT(level1, uv, d);
    else if (PASSINDEX == 3) gl_FragColor = TENT(level2, uv, d);
    else if (PASSINDEX == 4) gl_FragColor = TENT(level3, uv, d);
    else if (PASSINDEX == 5) gl_FragColor = TENT(level4, uv, d);
    else {
        // The levels have the same rows at any size, so a larger film is as soft as the stage.
        float deep = amount * 4.999 * (1.0 - exp(-8.0 * amount)), k = fract(deep);
        int n = int(deep);
        vec2 a = 1.0 / IMG_SIZE(level1), b = 2.0 * a;
        vec4 near = IMG_NORM_PIXEL(inputImage, uv), far = TENT(level1, uv, a);
        if (n == 1) { near = far; far = TENT(level2, uv, b); }
        else if (n == 2) { near = TENT(level2, uv, b); far = TENT(level3, uv, 2.0 * b); }
        else if (n == 3) { near = TENT(level3, uv, 2.0 * b); far = TENT(level4, uv, 4.0 * b); }
        else if (n == 4) { near = TENT(level4, uv, 4.0 * b); far = TENT(level5, uv, 8.0 * b); }
        gl_FragColor = mix(near, far, k);
    }
}
