/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "A soft edge sweeps over the picture at any angle, and bends the light where it passes.",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    {"NAME": "startImage", "TYPE": "image"},
    {"NAME": "endImage", "TYPE": "image"},
    {"NAME": "progress", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0},
    {"NAME": "angle", "TYPE": "float", "MIN": -180.0, "MAX": 180.0, "DEFAULT": 25.0},
    {"NAME": "softness", "TYPE": "float", "MIN": 0.01, "MAX": 1.0, "DEFAULT": 0.22}
  ]
}*/

void main() {
    vec2 uv = isf_FragNormCoord;
    float aspect = RENDERSIZE.x / RENDERSIZE.y;
    vec2 way = vec2(cos(radians(angle)), sin(radians(angle)));
    float half_way = 0.5 * (abs(way.x) * aspect + abs(way.y));
    float place = 0.5 + 0.5 * dot((uv - 0.5) * vec2(aspect, 1.0), way) / half_way;
    float edge = progress * (1.0 + softness);
    float shown = 1.0 - smoothstep(edge - softness, edge, place);
    // Both pictures lean into the edge: strongest half way through it, nothing beside it.
    vec2 bend = way / vec2(aspect, 1.0) * 0.12 * softness * shown * (1.0 - shown);
    gl_FragColor = mix(IMG_NORM_PIXEL(startImage, uv - bend), IMG_NORM_PIXEL(endImage, uv + bend), shown);
}
