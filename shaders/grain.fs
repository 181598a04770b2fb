/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "Film grain, strongest in the middle tones, new 24 times a second.",
  "CATEGORIES": ["Filter", "Texture"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.25, "IDENTITY": 0.0},
    {"NAME": "size", "TYPE": "float", "MIN": 1.0, "MAX": 6.0, "DEFAULT": 1.5}
  ]
}*/

float hash(vec3 p) {
    p = fract(p * vec3(0.1031, 0.1030, 0.0973));
    p += dot(p, p.yzx + 33.33);
    return fract((p.x + p.y) * p.z);
}

float cell(vec2 p, float frame) {
    vec2 i = floor(p), f = fract(p);
    f = f * f * (3.0 - 2.0 * f);
    return mix(mix(hash(vec3(i, frame)), hash(vec3(i + vec2(1.0, 0.0), frame)), f.x),
               mix(hash(vec3(i + vec2(0.0, 1.0), frame)), hash(vec3(i + 1.0, frame)), f.x), f.y);
}

void main() {
    vec4 base = IMG_THIS_PIXEL(inputImage);
    float frame = mod(floor(TIME * 24.0), 997.0);
    vec2 p = isf_FragNormCoord * RENDERSIZE / (size * max(1.0, RENDERSIZE.y / 720.0));
    float noise = cell(p, frame) + cell(p * 1.7 + 31.0, frame + 0.5) - 1.0;
    float light = dot(base.rgb, vec3(0.2126, 0.7152, 0.0722));
    float where = 0.35 + 2.6 * light * (1.0 - light);
    gl_FragColor = vec4(clamp(base.rgb + 0.45 * amount * noise * where, 0.0, 1.0), base.a);
}
