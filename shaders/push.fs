/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "The next picture pushes the old one out of the frame, with the blur of a fast pan.",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    {"NAME": "startImage", "TYPE": "image"},
    {"NAME": "endImage", "TYPE": "image"},
    {"NAME": "progress", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0},
    {"NAME": "direction", "TYPE": "long", "VALUES": [0, 1, 2, 3], "DEFAULT": 0,
     "LABELS": ["left", "right", "up", "down"]}
  ]
}*/

const int TAPS = 12;

vec4 strip(vec2 uv, vec2 way) {
    // Two pictures side by side: the old one at 0..1, the next one after it.
    float along = dot(uv, abs(way)) * (way.x + way.y) + (way.x + way.y < 0.0 ? 1.0 : 0.0);
    vec2 at = uv - way * floor(along);
    return along < 1.0 ? IMG_NORM_PIXEL(startImage, at) : IMG_NORM_PIXEL(endImage, at);
}

void main() {
    vec2 way = direction == 0 ? vec2(1.0, 0.0) : direction == 1 ? vec2(-1.0, 0.0)
             : direction == 2 ? vec2(0.0, -1.0) : vec2(0.0, 1.0);
    float k = progress * progress * (3.0 - 2.0 * progress);
    if (k <= 0.0 || k >= 1.0) {
        gl_FragColor = k <= 0.0 ? IMG_THIS_PIXEL(startImage) : IMG_THIS_PIXEL(endImage);
        return;
    }
    float blur = 0.10 * 4.0 * progress * (1.0 - progress);
    vec4 c = vec4(0.0);
    for (int i = 0; i < TAPS; i++) {
        float shutter = blur * ((float(i) + 0.5) / float(TAPS) - 0.5);
        c += strip(isf_FragNormCoord + way * clamp(k + shutter, 0.0, 0.9999), way);
    }
    gl_FragColor = c / float(TAPS);
}
