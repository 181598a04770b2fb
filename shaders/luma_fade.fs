/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "The bright parts of the next picture burn through first, its shadows come last.",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    {"NAME": "startImage", "TYPE": "image"},
    {"NAME": "endImage", "TYPE": "image"},
    {"NAME": "progress", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0},
    {"NAME": "softness", "TYPE": "float", "MIN": 0.02, "MAX": 1.0, "DEFAULT": 0.35}
  ]
}*/

float light(vec4 c) { return dot(c.rgb, vec3(0.2126, 0.7152, 0.0722)); }

void main() {
    vec2 uv = isf_FragNormCoord;
    vec4 old = IMG_THIS_PIXEL(startImage), young = IMG_THIS_PIXEL(endImage);
    // A little of the surroundings: lights come as areas, not as single pixels.
    vec2 step_uv = vec2(0.008 * RENDERSIZE.y / RENDERSIZE.x, 0.008);
    float area = light(young) + light(IMG_NORM_PIXEL(endImage, uv + step_uv))
               + light(IMG_NORM_PIXEL(endImage, uv - step_uv))
               + light(IMG_NORM_PIXEL(endImage, uv + step_uv * vec2(1.0, -1.0)))
               + light(IMG_NORM_PIXEL(endImage, uv - step_uv * vec2(1.0, -1.0)));
    float place = 1.0 - area / 5.0;
    float edge = progress * (1.0 + softness);
    float shown = 1.0 - smoothstep(edge - softness, edge, place);
    vec3 c = mix(old.rgb, young.rgb, shown) + young.rgb * 0.8 * shown * (1.0 - shown);
    gl_FragColor = vec4(min(c, 1.0), mix(old.a, young.a, shown));
}
