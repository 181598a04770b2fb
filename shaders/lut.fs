/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "A colour table laid over the picture; name your own .cube file as the shader to grade with it.",
  "CATEGORIES": ["Filter", "Colour"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 1.0, "IDENTITY": 0.0}
  ],
  "IMPORTED": {"table": {"PATH": "tables/filmic.cube"}}
}*/

// One row is a curve for each primary; else squares side by side, one for each blue (engine/lut.py).
vec3 graded(vec3 c) {
    vec2 size = IMG_SIZE(table);
    if (size.y < 1.5) {
        vec3 x = (c * (size.x - 1.0) + 0.5) / size.x;
        return vec3(IMG_NORM_PIXEL(table, vec2(x.r, 0.5)).r, IMG_NORM_PIXEL(table, vec2(x.g, 0.5)).g,
                    IMG_NORM_PIXEL(table, vec2(x.b, 0.5)).b);
    }
    float n = size.y;
    vec3 place = c * (n - 1.0);
    float low = min(floor(place.b), n - 2.0);
    vec2 at = vec2((place.r + 0.5) / size.x, (place.g + 0.5) / n);
    vec3 a = IMG_NORM_PIXEL(table, at + vec2(low / n, 0.0)).rgb;
    vec3 b = IMG_NORM_PIXEL(table, at + vec2((low + 1.0) / n, 0.0)).rgb;
    return mix(a, b, place.b - low);
}

void main() {
    vec4 base = IMG_THIS_PIXEL(inputImage);
    vec3 c = clamp(base.rgb, 0.0, 1.0);
    gl_FragColor = vec4(clamp(mix(base.rgb, graded(c), amount), 0.0, 1.0), base.a);
}
