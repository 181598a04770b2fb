/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "Printed in four inks: dots of cyan, magenta, yellow and black, each screen at its own angle.",
  "CATEGORIES": ["Filter", "Texture"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 1.0, "IDENTITY": 0.0},
    {"NAME": "dots", "TYPE": "float", "MIN": 20.0, "MAX": 200.0, "DEFAULT": 56.0, "LABEL": "dots in the picture's height"},
    {"NAME": "paper", "TYPE": "color", "DEFAULT": [1.0, 0.97, 0.91, 1.0]}
  ]
}*/

// The four inks of the colour at uv: what paper must lose of red, green and blue, and of all.
vec4 inks(vec2 uv) {
    vec3 lack = 1.0 - IMG_NORM_PIXEL(inputImage, clamp(uv, 0.0, 1.0)).rgb;
    float grey = min(lack.r, min(lack.g, lack.b));
    float black = grey * smoothstep(0.25, 1.0, grey);
    return vec4((lack - black) / max(1.0 - black, 0.001), black);
}

// How much of one ink lies at p (in dots): a disc round each point of the turned grid, its area
// the ink at that point until discs touch (radius 0.5), then growing until they close (0.71).
float screen(vec2 p, float angle, int ink, float soft) {
    float s = sin(angle), c = cos(angle);
    mat2 turn = mat2(c, -s, s, c);
    vec2 q = turn * p, corner = floor(q);
    float laid = 0.0;
    for (int i = 0; i < 4; i++) {
        vec2 point = corner + vec2(float(i % 2), float(i / 2));
        vec2 uv = (point * turn) / vec2(dots * RENDERSIZE.x / RENDERSIZE.y, dots) + 0.5;
        float much = inks(uv)[ink];
        float cube = much * much * much, radius = 0.5642 * sqrt(much) + 0.19 * cube * cube;
        laid = max(laid, 1.0 - smoothstep(radius - soft, radius + soft, length(q - point)));
    }
    return laid;
}

void main() {
    vec4 base = IMG_THIS_PIXEL(inputImage);
    vec2 p = (isf_FragNormCoord - 0.5) * vec2(dots * RENDERSIZE.x / RENDERSIZE.y, dots);
    float soft = max(0.75 * dots / RENDERSIZE.y, 0.04);
    float c = screen(p, 0.2618, 0, soft), m = screen(p + 0.3, 1.3090, 1, soft);
    float y = screen(p + 0.6, 0.0, 2, soft), k = screen(p, 0.7854, 3, soft);
    vec3 print = paper.rgb;
    print *= mix(vec3(1.0), vec3(0.03, 0.78, 1.00), c);
    print *= mix(vec3(1.0), vec3(1.00, 0.06, 0.74), m);
    print *= mix(vec3(1.0), vec3(1.00, 0.95, 0.06), y);
    print *= mix(vec3(1.0), vec3(0.07, 0.06, 0.08), k);
    gl_FragColor = vec4(mix(base.rgb, print, amount), base.a);
}
