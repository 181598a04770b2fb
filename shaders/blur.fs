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
    {"TARGET": "level1", "WIDTH": "ceil(192*$WIDTH/$HEIGHT)", "HEIGHT": "192"},
    {"TARGET": "level2", "WIDTH": "ceil(96*$WIDTH/$HEIGHT)", "HEIGHT": "96"},
    {"TARGET": "level3", "WIDTH": "ceil(48*$WIDTH/$HEIGHT)", "HEIGHT": "48"},
    {"TARGET": "level4", "WIDTH": "ceil(24*$WIDTH/$HEIGHT)", "HEIGHT": "24"},
    {"TARGET": "level5", "WIDTH": "ceil(12*$WIDTH/$HEIGHT)", "HEIGHT": "12"},
    {}
  ]
}*/

// Four taps between the pixels: halves a level, or smooths one that is drawn larger.
#define SOFT(img, uv, d) (0.25 * (IMG_NORM_PIXEL(img, uv + d) + IMG_NORM_PIXEL(img, uv - d) \
    + IMG_NORM_PIXEL(img, uv + vec2(d.x, -d.y)) + IMG_NORM_PIXEL(img, uv - vec2(d.x, -d.y))))

void main() {
    vec2 uv = isf_FragNormCoord, d = 0.5 / RENDERSIZE;
    if (PASSINDEX == 0) gl_FragColor = SOFT(inputImage, uv, d);
    else if (PASSINDEX == 1) gl_FragColor = SOFT(half_, uv, d);
    else if (PASSINDEX == 2) gl_FragColor = SOFT(level1, uv, d);
    else if (PASSINDEX == 3) gl_FragColor = SOFT(level2, uv, d);
    else if (PASSINDEX == 4) gl_FragColor = SOFT(level3, uv, d);
    else if (PASSINDEX == 5) gl_FragColor = SOFT(level4, uv, d);
    else {
        // The levels have the same rows at any size, so a larger film is as soft as the stage.
        float deep = amount * 4.999 * (1.0 - exp(-8.0 * amount)), k = fract(deep);
        int n = int(deep);
        vec2 a = 0.7 / IMG_SIZE(level1), b = 2.0 * a;
        vec4 near, far;
        if (n == 0) { near = IMG_NORM_PIXEL(inputImage, uv); far = SOFT(level1, uv, a); }
        else if (n == 1) { near = SOFT(level1, uv, a); far = SOFT(level2, uv, b); }
        else if (n == 2) { near = SOFT(level2, uv, b); far = SOFT(level3, uv, 2.0 * b); }
        else if (n == 3) { near = SOFT(level3, uv, 2.0 * b); far = SOFT(level4, uv, 4.0 * b); }
        else { near = SOFT(level4, uv, 4.0 * b); far = SOFT(level5, uv, 8.0 * b); }
        gl_FragColor = mix(near, far, k);
    }
}
