/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "The picture jumps towards you, with a fringe of colour at the rim. Drive it with a kick.",
  "CATEGORIES": ["Filter", "Beat"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.3, "IDENTITY": 0.0},
    {"NAME": "fringe", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5},
    {"NAME": "centre", "TYPE": "point2D", "MIN": [0.0, 0.0], "MAX": [1.0, 1.0], "DEFAULT": [0.5, 0.5]}
  ]
}*/

void main() {
    vec2 d = isf_FragNormCoord - centre;
    float zoom = 1.0 + 0.28 * amount;
    // Red, green and blue are magnified a little differently, more so towards the rim.
    float split = 0.10 * amount * fringe * dot(d, d) * 2.0;
    vec3 scale = vec3(1.0 - split, 1.0, 1.0 + split) / zoom;
    vec4 middle = IMG_NORM_PIXEL(inputImage, centre + d * scale.g);
    float r = IMG_NORM_PIXEL(inputImage, centre + d * scale.r).r;
    float b = IMG_NORM_PIXEL(inputImage, centre + d * scale.b).b;
    gl_FragColor = vec4(r, middle.g, b, middle.a);
}
