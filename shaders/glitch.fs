/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "Blocks of the picture jump aside in short bursts and their primaries part.",
  "CATEGORIES": ["Filter", "Glitch"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.7, "IDENTITY": 0.0},
    {"NAME": "rate", "TYPE": "float", "MIN": 1.0, "MAX": 20.0, "DEFAULT": 8.0, "LABEL": "changes a second"}
  ]
}*/

float hash(vec3 p) {
    p = fract(p * vec3(0.1031, 0.1030, 0.0973));
    p += dot(p, p.yzx + 33.33);
    return fract((p.x + p.y) * p.z);
}

vec3 at(vec2 uv) {
    return IMG_NORM_PIXEL(inputImage, vec2(1.0 - abs(1.0 - mod(abs(uv.x), 2.0)), clamp(uv.y, 0.0, 1.0))).rgb;
}

void main() {
    vec4 base = IMG_THIS_PIXEL(inputImage);
    float turn = mod(floor(TIME * rate), 997.0);
    vec2 uv = isf_FragNormCoord;
    float shift = 0.0;
    // Three sizes of slabs; each slab decides anew at every turn whether it jumps, and how far.
    for (int i = 0; i < 3; i++) {
        vec2 slab = floor(uv * vec2(2.0 + 3.0 * float(i), 6.0 + 9.0 * float(i)) + 0.37 * float(i));
        vec3 key = vec3(slab + 17.0 * float(i), turn);
        float jump = step(0.8, hash(key));
        shift += jump * (hash(key + 5.0) - 0.5) * (0.30 - 0.07 * float(i));
    }
    shift *= 0.5 + 0.5 * step(0.45, hash(vec3(turn, 1.0, 2.0)));
    float part = 0.02 + 0.3 * abs(shift);
    vec2 d = vec2(amount * shift, 0.0), e = vec2(0.35 * amount * part, 0.0);
    vec3 c = vec3(at(uv + d + e).r, at(uv + d).g, at(uv + d - e).b);
    gl_FragColor = vec4(c, base.a);
}
