/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "The signal breaks: blocks and lines jump over to the next picture, colours apart.",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    {"NAME": "startImage", "TYPE": "image"},
    {"NAME": "endImage", "TYPE": "image"},
    {"NAME": "progress", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0},
    {"NAME": "blocks", "TYPE": "float", "MIN": 2.0, "MAX": 40.0, "DEFAULT": 14.0},
    {"NAME": "violence", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.6}
  ]
}*/

float hash(vec3 p) {
    p = fract(p * vec3(0.1031, 0.1030, 0.0973));
    p += dot(p, p.yzx + 33.33);
    return fract((p.x + p.y) * p.z);
}

vec3 jumped(vec2 uv, float shown, float split) {
    vec2 apart = vec2(split, 0.0);
    vec2 r = fract(uv + apart), g = fract(uv), b = fract(uv - apart);
    if (shown > 0.5) {
        return vec3(IMG_NORM_PIXEL(endImage, r).r, IMG_NORM_PIXEL(endImage, g).g, IMG_NORM_PIXEL(endImage, b).b);
    }
    return vec3(IMG_NORM_PIXEL(startImage, r).r, IMG_NORM_PIXEL(startImage, g).g, IMG_NORM_PIXEL(startImage, b).b);
}

void main() {
    vec2 uv = isf_FragNormCoord;
    float wild = violence * 4.0 * progress * (1.0 - progress);
    float shot = floor(progress * 24.0);
    // Rows of unequal height, cut into blocks of unequal width.
    float row = floor(uv.y * blocks + 0.8 * sin(uv.y * 9.0 + shot * 1.7));
    float wide = mix(2.0, 9.0, hash(vec3(row, 3.0, shot)));
    float column = floor(uv.x * wide + hash(vec3(row, 5.0, 0.0)));
    float when = mix(hash(vec3(row, column, 11.0)), hash(vec3(row, 0.0, 17.0)), 0.5);
    float shown = step(mix(0.02, 0.98, when), progress);
    float broken = step(1.0 - 0.75 * wild, hash(vec3(row, column, shot)));
    float slip = (hash(vec3(row, shot, 23.0)) - 0.5) * 0.35 * wild * broken;
    vec3 c = jumped(vec2(uv.x + slip, uv.y), shown, 0.03 * wild * (0.3 + broken));
    float line = step(0.985, hash(vec3(floor(uv.y * 180.0), shot, 29.0))) * wild;
    gl_FragColor = vec4(mix(c, vec3(0.9, 1.0, 1.0), 0.6 * line), 1.0);
}
