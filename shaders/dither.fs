/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "Ordered dither: few tones of each primary, the rest is a weave of fine dots.",
  "CATEGORIES": ["Filter", "Texture"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 1.0, "IDENTITY": 0.0},
    {"NAME": "rows", "TYPE": "float", "MIN": 60.0, "MAX": 540.0, "DEFAULT": 180.0, "LABEL": "dots in the picture's height"},
    {"NAME": "tones", "TYPE": "float", "MIN": 2.0, "MAX": 8.0, "DEFAULT": 2.0, "LABEL": "tones of each primary"}
  ]
}*/

// Bayer's matrix of 8 by 8, thresholds -0.5..0.5.
float bayer(vec2 p) {
    float sum = 0.0, weight = 16.0;
    for (int i = 0; i < 3; i++) {
        vec2 a = mod(floor(p), 2.0);
        sum += weight * (2.0 * mod(a.x + a.y, 2.0) + a.y);
        weight /= 4.0;
        p /= 2.0;
    }
    return (sum + 0.5) / 64.0 - 0.5;
}

void main() {
    vec4 base = IMG_THIS_PIXEL(inputImage);
    vec2 grid = vec2(floor(rows * RENDERSIZE.x / RENDERSIZE.y + 0.5), floor(rows));
    vec2 cell = floor(isf_FragNormCoord * grid);
    vec3 c = IMG_NORM_PIXEL(inputImage, (cell + 0.5) / grid).rgb;
    c = floor(c * (tones - 1.0) + 0.5 + 0.96 * bayer(cell)) / (tones - 1.0);
    gl_FragColor = vec4(mix(base.rgb, clamp(c, 0.0, 1.0), amount), base.a);
}
