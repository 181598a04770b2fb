/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "Large square pixels in few colours, the tones between them dithered: 8-bit graphics.",
  "CATEGORIES": ["Filter", "Texture"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 1.0, "IDENTITY": 0.0},
    {"NAME": "rows", "TYPE": "float", "MIN": 16.0, "MAX": 270.0, "DEFAULT": 72.0, "LABEL": "pixels in the picture's height"},
    {"NAME": "tones", "TYPE": "float", "MIN": 2.0, "MAX": 16.0, "DEFAULT": 6.0, "LABEL": "tones of each primary"},
    {"NAME": "gap", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0, "LABEL": "dark joints, as of a mosaic"}
  ],
  "PASSES": [
    {"TARGET": "small", "WIDTH": "ceil($rows*$WIDTH/$HEIGHT)", "HEIGHT": "ceil($rows)"},
    {}
  ]
}*/

// The mean over one large pixel, from sixteen looks at it.
vec3 mean(vec2 uv) {
    vec3 sum = vec3(0.0);
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 4; x++)
            sum += IMG_NORM_PIXEL(inputImage, uv + (vec2(float(x), float(y)) / 4.0 - 0.375) / RENDERSIZE).rgb;
    return sum / 16.0;
}

// Bayer's matrix of 4 by 4: thresholds -0.5..0.5 spread evenly over the neighbours.
float bayer(vec2 p) {
    vec2 a = mod(floor(p), 2.0), b = mod(floor(p / 2.0), 2.0);
    float fine = 2.0 * mod(a.x + a.y, 2.0) + a.y, coarse = 2.0 * mod(b.x + b.y, 2.0) + b.y;
    return (4.0 * fine + coarse + 0.5) / 16.0 - 0.5;
}

void main() {
    if (PASSINDEX == 0) {
        vec3 c = mean(isf_FragNormCoord) + 0.4 * bayer(gl_FragCoord.xy) / (tones - 1.0);
        gl_FragColor = vec4(clamp(floor(c * (tones - 1.0) + 0.5) / (tones - 1.0), 0.0, 1.0), 1.0);
        return;
    }
    vec4 base = IMG_THIS_PIXEL(inputImage);
    vec2 size = IMG_SIZE(small), cell = isf_FragNormCoord * size;
    vec3 c = IMG_NORM_PIXEL(small, (floor(cell) + 0.5) / size).rgb;
    vec2 rim = abs(fract(cell) - 0.5);
    float joint = smoothstep(0.5 - 0.22 * gap, 0.5, max(rim.x, rim.y) + 0.04 * gap);
    float glaze = 1.0 + 0.35 * gap * bayer(mod(floor(cell) * vec2(7.0, 11.0) + floor(cell.yx / 3.0), 4.0));
    c = min(c * glaze, 1.0) * (1.0 - 0.85 * gap * joint);
    gl_FragColor = vec4(mix(base.rgb, c, amount), base.a);
}
