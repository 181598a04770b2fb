/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "The lines, phosphor stripes and bulge of an old tube.",
  "CATEGORIES": ["Filter", "Texture"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "IDENTITY": 0.0},
    {"NAME": "lines", "TYPE": "float", "MIN": 40.0, "MAX": 540.0, "DEFAULT": 180.0},
    {"NAME": "bulge", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.3}
  ]
}*/

void main() {
    vec2 d = isf_FragNormCoord - 0.5;
    vec2 uv = 0.5 + d * (1.0 + amount * bulge * 0.35 * (dot(d, d) - 0.5));
    vec4 base = IMG_NORM_PIXEL(inputImage, uv);
    // No finer than three pixels a line, and straight, or lines and pixels would beat (moire).
    float pitch = min(lines, RENDERSIZE.y / 3.0);
    float wave = 0.5 + 0.5 * cos(6.28318530718 * (isf_FragNormCoord.y * pitch - 0.5 * TIME));
    float light = max(base.r, max(base.g, base.b));
    float beam = mix(1.0, 0.3 + pow(wave, mix(1.5, 0.5, light)), amount);
    vec3 stripe = 0.5 + 0.5 * cos(6.28318530718 * (isf_FragNormCoord.x * pitch * RENDERSIZE.x / RENDERSIZE.y
                                                   + vec3(0.0, 0.333, 0.667)));
    vec3 mask = mix(vec3(1.0), 0.8 + 0.5 * stripe, amount);
    float rim = 1.0 - amount * bulge * smoothstep(0.35, 0.75, length(d));
    gl_FragColor = vec4(min(base.rgb * beam * mask * rim, 1.0), base.a);
}
