/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "Outlines drawn as neon tubes in the colours of the picture.",
  "CATEGORIES": ["Filter", "Stylize"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.7, "IDENTITY": 0.0},
    {"NAME": "thickness", "TYPE": "float", "MIN": 0.5, "MAX": 4.0, "DEFAULT": 1.2},
    {"NAME": "gain", "TYPE": "float", "MIN": 0.5, "MAX": 6.0, "DEFAULT": 2.5},
    {"NAME": "halo", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.6}
  ],
  "PASSES": [
    {"TARGET": "lines", "WIDTH": "ceil($WIDTH/2)", "HEIGHT": "ceil($HEIGHT/2)"},
    {"TARGET": "row", "WIDTH": "ceil($WIDTH/8)", "HEIGHT": "ceil($HEIGHT/8)", "FLOAT": true},
    {"TARGET": "mist", "WIDTH": "ceil($WIDTH/8)", "HEIGHT": "ceil($HEIGHT/8)", "FLOAT": true},
    {}
  ]
}*/

// Sobel's operator on all three colours; the largest difference counts.
float edge(vec2 uv, float reach) {
    // The reach is a part of the picture's height, so that a film larger than the stage looks alike.
    vec2 px = reach * thickness / 300.0 * vec2(RENDERSIZE.y / RENDERSIZE.x, 1.0);
    vec3 a = IMG_NORM_PIXEL(inputImage, uv + px * vec2(-1.0,  1.0)).rgb;
    vec3 b = IMG_NORM_PIXEL(inputImage, uv + px * vec2( 0.0,  1.0)).rgb;
    vec3 c = IMG_NORM_PIXEL(inputImage, uv + px * vec2( 1.0,  1.0)).rgb;
    vec3 d = IMG_NORM_PIXEL(inputImage, uv + px * vec2(-1.0,  0.0)).rgb;
    vec3 e = IMG_NORM_PIXEL(inputImage, uv + px * vec2( 1.0,  0.0)).rgb;
    vec3 f = IMG_NORM_PIXEL(inputImage, uv + px * vec2(-1.0, -1.0)).rgb;
    vec3 g = IMG_NORM_PIXEL(inputImage, uv + px * vec2( 0.0, -1.0)).rgb;
    vec3 h = IMG_NORM_PIXEL(inputImage, uv + px * vec2( 1.0, -1.0)).rgb;
    vec3 x = c + 2.0 * e + h - a - 2.0 * d - f;
    vec3 y = a + 2.0 * b + c - f - 2.0 * g - h;
    vec3 m = sqrt(x * x + y * y) * 0.25;
    return smoothstep(0.03, 0.40, gain * 0.4 * max(m.r, max(m.g, m.b)));
}

// The picture's colour here, at full light and richer.
vec3 tube(vec2 uv) {
    vec3 c = IMG_NORM_PIXEL(inputImage, uv).rgb;
    float high = max(c.r, max(c.g, c.b)), low = min(c.r, min(c.g, c.b));
    vec3 pure = (c - low * 0.75) / max(high - low * 0.75, 0.04);
    return min(pure, 1.0);
}

#define BLUR(img, uv, d) (IMG_NORM_PIXEL(img, uv).rgb * 0.2270270270 \
    + (IMG_NORM_PIXEL(img, uv + d * 1.3846153846).rgb \
     + IMG_NORM_PIXEL(img, uv - d * 1.3846153846).rgb) * 0.3162162162 \
    + (IMG_NORM_PIXEL(img, uv + d * 3.2307692308).rgb \
     + IMG_NORM_PIXEL(img, uv - d * 3.2307692308).rgb) * 0.0702702703)

void main() {
    vec2 uv = isf_FragNormCoord;
    if (PASSINDEX == 0) gl_FragColor = vec4(tube(uv) * edge(uv, 3.0), 1.0);
    else if (PASSINDEX == 1) gl_FragColor = vec4(BLUR(lines, uv, vec2(1.0 / RENDERSIZE.x, 0.0)), 1.0);
    else if (PASSINDEX == 2) gl_FragColor = vec4(BLUR(row, uv, vec2(0.0, 1.0 / RENDERSIZE.y)), 1.0);
    else {
        vec4 base = IMG_THIS_PIXEL(inputImage);
        // Fine edges are the tube; wide ones catch soft pictures, and their blur is the halo.
        float line = edge(uv, 1.0);
        vec3 soft = IMG_NORM_PIXEL(lines, uv).rgb;
        vec3 neon = tube(uv) * (line + 0.1) + line * line * 0.35 + 0.8 * soft * soft;
        neon += 1.5 * halo * IMG_NORM_PIXEL(mist, uv).rgb;
        gl_FragColor = vec4(mix(base.rgb, 1.0 - exp(-1.7 * neon * base.rgb - 0.8 * neon * neon), amount), base.a);
    }
}
