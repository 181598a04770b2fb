/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "The picture swims like oil on a heated glass: slow folded noise bends it.",
  "CATEGORIES": ["Filter", "Geometry"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.35, "IDENTITY": 0.0},
    {"NAME": "scale", "TYPE": "float", "MIN": 0.5, "MAX": 8.0, "DEFAULT": 2.5},
    {"NAME": "speed", "TYPE": "float", "MIN": -2.0, "MAX": 2.0, "DEFAULT": 0.3}
  ]
}*/

vec2 mirrored(vec2 uv) { return 1.0 - abs(mod(uv, 2.0) - 1.0); }

// A flow without sources: each octave bends the place at which the next is read.
vec2 flow(vec2 p, float t) {
    vec2 q = p;
    float size = 1.0;
    for (int i = 0; i < 4; i++) {
        q += size * 0.55 * vec2(sin(q.y * 1.7 / size + t + float(i) * 1.3),
                                cos(q.x * 1.5 / size - t * 0.8 + float(i) * 2.1));
        size *= 0.62;
    }
    return q - p;
}

void main() {
    float aspect = RENDERSIZE.x / RENDERSIZE.y;
    vec2 p = (isf_FragNormCoord - 0.5) * vec2(aspect, 1.0) * scale;
    vec2 bend = flow(p, TIME * speed) * 0.16 * amount / scale;
    gl_FragColor = IMG_NORM_PIXEL(inputImage, mirrored(isf_FragNormCoord + bend / vec2(aspect, 1.0)));
}
