/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "Bright parts bleed light: a near halo and a wide one, laid over without clipping.",
  "CATEGORIES": ["Filter", "Light"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 2.0, "DEFAULT": 0.6, "IDENTITY": 0.0},
    {"NAME": "threshold", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.45},
    {"NAME": "radius", "TYPE": "float", "MIN": 0.0, "MAX": 2.0, "DEFAULT": 1.0}
  ],
  "PASSES": [
    {"TARGET": "bright", "WIDTH": "ceil($WIDTH/4)", "HEIGHT": "ceil($HEIGHT/4)", "FLOAT": true},
    {"TARGET": "nearRow", "WIDTH": "ceil($WIDTH/4)", "HEIGHT": "ceil($HEIGHT/4)", "FLOAT": true},
    {"TARGET": "near", "WIDTH": "ceil($WIDTH/4)", "HEIGHT": "ceil($HEIGHT/4)", "FLOAT": true},
    {"TARGET": "farRow", "WIDTH": "ceil($WIDTH/16)", "HEIGHT": "ceil($HEIGHT/16)", "FLOAT": true},
    {"TARGET": "far", "WIDTH": "ceil($WIDTH/16)", "HEIGHT": "ceil($HEIGHT/16)", "FLOAT": true},
    {}
  ]
}*/

// The part of the light above a soft knee; four taps average the 4 by 4 pixels that meet here.
vec3 brightPart(vec2 uv) {
    vec2 px = 1.0 / IMG_SIZE(inputImage);
    vec3 c = 0.25 * (IMG_NORM_PIXEL(inputImage, uv + px * vec2(-1.0, -1.0)).rgb
                   + IMG_NORM_PIXEL(inputImage, uv + px * vec2( 1.0, -1.0)).rgb
                   + IMG_NORM_PIXEL(inputImage, uv + px * vec2(-1.0,  1.0)).rgb
                   + IMG_NORM_PIXEL(inputImage, uv + px * vec2( 1.0,  1.0)).rgb);
    float peak = max(c.r, max(c.g, c.b));
    float keep = smoothstep(threshold - 0.2, threshold + 0.3, peak);
    return c * keep;
}

// A nine-tap Gaussian as five bilinear reads.
#define BLUR(img, uv, d) (IMG_NORM_PIXEL(img, uv).rgb * 0.2270270270 \
    + (IMG_NORM_PIXEL(img, uv + d * 1.3846153846).rgb \
     + IMG_NORM_PIXEL(img, uv - d * 1.3846153846).rgb) * 0.3162162162 \
    + (IMG_NORM_PIXEL(img, uv + d * 3.2307692308).rgb \
     + IMG_NORM_PIXEL(img, uv - d * 3.2307692308).rgb) * 0.0702702703)

void main() {
    vec2 uv = isf_FragNormCoord;
    vec2 step_px = radius / RENDERSIZE;
    vec2 row = vec2(step_px.x, 0.0);
    vec2 column = vec2(0.0, step_px.y);
    vec3 c;
    if (PASSINDEX == 0) c = brightPart(uv);
    else if (PASSINDEX == 1) c = BLUR(bright, uv, row);
    else if (PASSINDEX == 2) c = BLUR(nearRow, uv, column);
    else if (PASSINDEX == 3) c = BLUR(near, uv, row);
    else if (PASSINDEX == 4) c = BLUR(farRow, uv, column);
    else {
        vec4 base = IMG_THIS_PIXEL(inputImage);
        vec3 light = amount * (0.55 * IMG_NORM_PIXEL(near, uv).rgb + 0.85 * IMG_NORM_PIXEL(far, uv).rgb);
        light = 1.0 - exp(-light);
        gl_FragColor = vec4(base.rgb + light * (1.0 - base.rgb), base.a);
        return;
    }
    gl_FragColor = vec4(c, 1.0);
}
