/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "Darkens the rim of the picture.",
  "CATEGORIES": ["Filter", "Light"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "IDENTITY": 0.0},
    {"NAME": "size", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5}
  ]
}*/

void main() {
    vec4 base = IMG_THIS_PIXEL(inputImage);
    vec2 p = 2.0 * isf_FragNormCoord - 1.0;
    float reach = mix(0.25, 1.0, size);
    float shade = smoothstep(reach * 0.5, reach * 0.5 + 1.0, length(p) * 0.9);
    gl_FragColor = vec4(base.rgb * (1.0 - amount * shade), base.a);
}
