/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "Clouds of the next picture come up through the old one and grow together.",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    {"NAME": "startImage", "TYPE": "image"},
    {"NAME": "endImage", "TYPE": "image"},
    {"NAME": "progress", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0},
    {"NAME": "scale", "TYPE": "float", "MIN": 1.0, "MAX": 20.0, "DEFAULT": 4.0},
    {"NAME": "softness", "TYPE": "float", "MIN": 0.02, "MAX": 1.0, "DEFAULT": 0.25}
  ]
}*/

float hash(vec2 p) {
    vec3 q = fract(p.xyx * vec3(0.1031, 0.1030, 0.0973));
    q += dot(q, q.yzx + 33.33);
    return fract((q.x + q.y) * q.z);
}

float noise(vec2 p) {
    vec2 i = floor(p), f = fract(p);
    f = f * f * (3.0 - 2.0 * f);
    return mix(mix(hash(i), hash(i + vec2(1.0, 0.0)), f.x),
               mix(hash(i + vec2(0.0, 1.0)), hash(i + 1.0), f.x), f.y);
}

void main() {
    vec2 p = (isf_FragNormCoord - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0) * scale;
    p += 0.6 * vec2(noise(p + 7.0), noise(p + 19.0));
    float cloud = 0.55 * noise(p) + 0.3 * noise(p * 2.3 + 3.0) + 0.15 * noise(p * 5.1 + 9.0);
    float place = smoothstep(0.15, 0.85, cloud);
    float edge = progress * (1.0 + softness);
    float shown = 1.0 - smoothstep(edge - softness, edge, place);
    gl_FragColor = mix(IMG_THIS_PIXEL(startImage), IMG_THIS_PIXEL(endImage), shown);
}
