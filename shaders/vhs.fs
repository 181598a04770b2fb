/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "A worn video tape: smeared colour, trembling lines, a tracking band that climbs.",
  "CATEGORIES": ["Filter", "Texture", "Glitch"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.7, "IDENTITY": 0.0},
    {"NAME": "tracking", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.7},
    {"NAME": "rows", "TYPE": "float", "MIN": 90.0, "MAX": 540.0, "DEFAULT": 240.0, "LABEL": "lines of the tape"}
  ]
}*/

const mat3 TO_YIQ = mat3(0.299, 0.596, 0.211, 0.587, -0.274, -0.523, 0.114, -0.322, 0.312);
const mat3 TO_RGB = mat3(1.0, 1.0, 1.0, 0.956, -0.272, -1.106, 0.621, -0.647, 1.703);

float hash(vec3 p) {
    p = fract(p * vec3(0.1031, 0.1030, 0.0973));
    p += dot(p, p.yzx + 33.33);
    return fract((p.x + p.y) * p.z);
}

vec3 tape(vec2 uv) {
    return TO_YIQ * IMG_NORM_PIXEL(inputImage, vec2(1.0 - abs(1.0 - abs(uv.x)), uv.y)).rgb;
}

void main() {
    vec4 base = IMG_THIS_PIXEL(inputImage);
    float frame = mod(floor(TIME * 24.0), 997.0);
    vec2 uv = isf_FragNormCoord;
    float line = floor(uv.y * rows), pixel = RENDERSIZE.y / RENDERSIZE.x / rows;
    // The band of bad tracking climbs over the picture in seven seconds; the head switches below.
    float band = fract(TIME / 7.0) * 1.3 - 0.15;
    float bad = tracking * smoothstep(0.055, 0.0, abs(uv.y - band));
    float foot = smoothstep(0.035, 0.0, uv.y);
    float shake = hash(vec3(line, 3.0, frame)) - 0.5;
    float sway = sin(uv.y * 9.0 + TIME * 2.1) * sin(uv.y * 31.0 - TIME * 3.3);
    uv.x += amount * pixel * (0.9 * shake + 0.8 * sway + bad * (6.0 + 22.0 * shake) + 14.0 * foot);
    vec3 c = tape(uv);
    vec2 hue = vec2(0.0);
    for (int i = 0; i < 6; i++) hue += tape(uv - vec2((1.0 + 1.6 * float(i)) * pixel, 0.0)).yz / 6.0;
    // Light a little soft with a bright rim to the right of an edge, as recorders sharpen.
    float soft = 0.5 * c.x + 0.25 * (tape(uv + vec2(pixel, 0.0)).x + tape(uv - vec2(pixel, 0.0)).x);
    float light = soft + 0.35 * (soft - tape(uv - vec2(3.0 * pixel, 0.0)).x);
    float speck = hash(vec3(floor(uv.x / pixel / 2.0), line, frame));
    light += 0.07 * (speck - 0.5) + step(0.86, speck) * 0.7 * bad;
    light += step(0.9992, hash(vec3(floor(uv.x / pixel / 14.0), line, frame + 9.0))) * 0.5;
    vec3 worn = TO_RGB * vec3(0.04 + 0.93 * light, hue * 1.15 * (1.0 - 0.7 * bad));
    worn *= 0.92 + 0.08 * cos(6.28318530718 * isf_FragNormCoord.y * rows);
    gl_FragColor = vec4(mix(base.rgb, clamp(worn, 0.0, 1.0), min(1.0, 2.0 * amount)), base.a);
}
