/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "The picture bends over its own lights and shadows, as a film over glass.",
  "CATEGORIES": ["Filter", "Geometry"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "IDENTITY": 0.0},
    {"NAME": "scale", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "how wide the bumps are"},
    {"NAME": "speed", "TYPE": "float", "MIN": -2.0, "MAX": 2.0, "DEFAULT": 0.25, "LABEL": "turns of the push in ten seconds"}
  ],
  "PASSES": [
    {"TARGET": "film", "WIDTH": "ceil($WIDTH/4)", "HEIGHT": "ceil($HEIGHT/4)", "FLOAT": true},
    {}
  ]
}*/

vec2 mirrored(vec2 uv) { return 1.0 - abs(mod(uv, 2.0) - 1.0); }

float light(vec2 uv) { return dot(IMG_NORM_PIXEL(inputImage, mirrored(uv)).rgb, vec3(0.2126, 0.7152, 0.0722)); }

// The height at a place, averaged over a ring: fine detail does not make the film rough.
float height(vec2 uv, float reach) {
    vec2 d = reach * vec2(RENDERSIZE.y / RENDERSIZE.x, 1.0), e = d * 0.7071;
    return 0.2 * light(uv) + 0.1 * (light(uv + vec2(d.x, 0.0)) + light(uv - vec2(d.x, 0.0))
        + light(uv + vec2(0.0, d.y)) + light(uv - vec2(0.0, d.y)) + light(uv + e) + light(uv - e)
        + light(uv + vec2(e.x, -e.y)) + light(uv - vec2(e.x, -e.y)));
}

float at(vec2 uv) { return IMG_NORM_PIXEL(film, mirrored(uv)).r; }

void main() {
    vec2 uv = isf_FragNormCoord, wide = vec2(RENDERSIZE.y / RENDERSIZE.x, 1.0);
    float reach = mix(0.012, 0.09, scale), h = 1.2 * reach + 0.004;
    if (PASSINDEX == 0) {
        gl_FragColor = vec4(height(uv, reach));
        return;
    }
    vec2 slope = vec2(at(uv + vec2(h * wide.x, 0.0)) - at(uv - vec2(h * wide.x, 0.0)),
                      at(uv + vec2(0.0, h)) - at(uv - vec2(0.0, h)));
    float a = 0.628318530718 * TIME * speed;
    slope = mat2(cos(a), sin(a), -sin(a), cos(a)) * slope;
    vec2 push = 0.11 * amount * slope * wide;
    vec4 base = IMG_NORM_PIXEL(inputImage, uv);
    vec3 c = vec3(IMG_NORM_PIXEL(inputImage, mirrored(uv + 1.12 * push)).r,
                  IMG_NORM_PIXEL(inputImage, mirrored(uv + push)).g,
                  IMG_NORM_PIXEL(inputImage, mirrored(uv + 0.88 * push)).b);
    // The film shines where it is steep against the lamp.
    c += 0.5 * amount * clamp(dot(slope, vec2(0.6, 0.8)), 0.0, 1.0) * c;
    gl_FragColor = vec4(min(c, 1.0), base.a);
}
