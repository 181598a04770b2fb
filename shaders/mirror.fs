/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "One half of the picture is laid over the other: left, right, bottom, top, or a quarter over all.",
  "CATEGORIES": ["Filter", "Geometry"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 1.0, "IDENTITY": 0.0},
    {"NAME": "mode", "TYPE": "long", "VALUES": [0, 1, 2, 3, 4], "DEFAULT": 0,
     "LABELS": ["left", "right", "bottom", "top", "quarter"]}
  ]
}*/

void main() {
    vec2 uv = isf_FragNormCoord;
    vec2 low = 0.5 - abs(uv - 0.5);
    vec2 at = uv;
    if (mode == 0 || mode == 4) at.x = low.x;
    if (mode == 1) at.x = 1.0 - low.x;
    if (mode == 2) at.y = low.y;
    if (mode == 3 || mode == 4) at.y = 1.0 - low.y;
    gl_FragColor = mix(IMG_THIS_PIXEL(inputImage), IMG_NORM_PIXEL(inputImage, at), amount);
}
