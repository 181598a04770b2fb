/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "Two inks and the paper between them: the shadows in one colour, the lights in another.",
  "CATEGORIES": ["Filter", "Colour"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 1.0, "IDENTITY": 0.0},
    {"NAME": "shadows", "TYPE": "color", "DEFAULT": [0.07, 0.02, 0.24, 1.0]},
    {"NAME": "middle", "TYPE": "color", "DEFAULT": [0.9, 0.11, 0.42, 1.0]},
    {"NAME": "lights", "TYPE": "color", "DEFAULT": [1.0, 0.93, 0.62, 1.0]},
    {"NAME": "contrast", "TYPE": "float", "MIN": 0.3, "MAX": 3.0, "DEFAULT": 1.25}
  ]
}*/

void main() {
    vec4 base = IMG_THIS_PIXEL(inputImage);
    float l = dot(base.rgb, vec3(0.2126, 0.7152, 0.0722));
    l = clamp((pow(l, 0.75) - 0.5) * contrast + 0.5, 0.0, 1.0);
    vec3 c = l < 0.5 ? mix(shadows.rgb, middle.rgb, smoothstep(0.0, 1.0, 2.0 * l) * 0.5 + l)
                     : mix(middle.rgb, lights.rgb, smoothstep(0.0, 1.0, 2.0 * l - 1.0) * 0.5 + l - 0.5);
    gl_FragColor = vec4(mix(base.rgb, c, amount), base.a);
}
