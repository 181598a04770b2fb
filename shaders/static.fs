/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "A set with a bad aerial: snow, torn lines and a picture that comes through it.",
  "CATEGORIES": ["Filter", "Texture", "Glitch"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.6, "IDENTITY": 0.0},
    {"NAME": "rows", "TYPE": "float", "MIN": 90.0, "MAX": 540.0, "DEFAULT": 216.0, "LABEL": "lines of the picture"}
  ]
}*/

float hash(vec3 p) {
    p = fract(p * vec3(0.1031, 0.1030, 0.0973));
    p += dot(p, p.yzx + 33.33);
    return fract((p.x + p.y) * p.z);
}

// Smooth in one dimension: how bands of trouble drift over the lines.
float wander(float y, float t) {
    return sin(y * 3.1 + t * 1.7) * sin(y * 7.3 - t * 2.9) * sin(y * 1.3 + t * 0.6);
}

void main() {
    float frame = mod(floor(TIME * 24.0), 997.0);
    vec2 uv = isf_FragNormCoord;
    float line = floor(uv.y * rows);
    float trouble = smoothstep(0.25, 0.8, abs(wander(uv.y * 3.0, TIME)));
    float tear = hash(vec3(line, 7.0, frame)) - 0.5;
    uv.x += amount * (0.006 * tear + 0.06 * trouble * trouble * tear);
    vec4 base = IMG_NORM_PIXEL(inputImage, vec2(1.0 - abs(1.0 - abs(uv.x)), uv.y));
    vec2 speck = vec2(floor(isf_FragNormCoord.x * rows * 0.75 * RENDERSIZE.x / RENDERSIZE.y), line);
    float snow = hash(vec3(speck, frame));
    // Long specks: noise comes down a line and lasts a little.
    snow = mix(snow, hash(vec3(floor(speck.x / 3.0), speck.y, frame + 0.5)), 0.35);
    float light = dot(base.rgb, vec3(0.2126, 0.7152, 0.0722));
    vec3 pale = mix(base.rgb, vec3(light), 0.45 * amount);
    float lost = amount * (0.42 + 0.4 * trouble);
    vec3 c = mix(pale, vec3(smoothstep(0.2, 0.85, snow)) * vec3(0.92, 0.97, 1.0), lost);
    gl_FragColor = vec4(clamp(c, 0.0, 1.0), base.a);
}
