/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "False colours by brightness, as a thermal camera sees; the scale rolls with the beat.",
  "CATEGORIES": ["Filter", "Colour", "Beat"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 1.0, "IDENTITY": 0.0},
    {"NAME": "roll", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0, "LABEL": "scales a beat"},
    {"NAME": "bands", "TYPE": "float", "MIN": 1.0, "MAX": 4.0, "DEFAULT": 1.0, "LABEL": "how often the scale repeats"}
  ]
}*/

uniform float beat;

// Black, violet, red, orange, yellow, white: a fire from outside to its heart.
vec3 scale_(float x) {
    vec3 c = mix(vec3(0.01, 0.0, 0.06), vec3(0.36, 0.03, 0.55), smoothstep(0.0, 0.25, x));
    c = mix(c, vec3(0.90, 0.12, 0.28), smoothstep(0.22, 0.48, x));
    c = mix(c, vec3(1.0, 0.55, 0.05), smoothstep(0.45, 0.70, x));
    c = mix(c, vec3(1.0, 0.90, 0.25), smoothstep(0.68, 0.88, x));
    return mix(c, vec3(1.0, 1.0, 0.94), smoothstep(0.88, 1.0, x));
}

void main() {
    vec4 base = IMG_THIS_PIXEL(inputImage);
    float l = dot(base.rgb, vec3(0.30, 0.55, 0.15)) * bands;
    float at = l + roll * beat;
    // There and back, so that the scale has no seam.
    at = roll > 0.0 || bands > 1.0 ? 1.0 - abs(mod(at, 2.0) - 1.0) : at;
    gl_FragColor = vec4(mix(base.rgb, scale_(at), amount), base.a);
}
