/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "Lumps of warm wax rise and sink in a lamp; each beat squeezes them a little.",
  "CATEGORIES": ["Generator", "Beat"],
  "INPUTS": [
    {"NAME": "speed", "TYPE": "float", "MIN": 0.0, "MAX": 2.0, "DEFAULT": 0.35},
    {"NAME": "size", "TYPE": "float", "MIN": 0.3, "MAX": 2.0, "DEFAULT": 1.0},
    {"NAME": "hue", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.02},
    {"NAME": "squeeze", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.35}
  ]
}*/

uniform float phase;
const float TAU = 6.28318530718;

vec3 tint(float h) { return 0.5 + 0.5 * cos(TAU * (h + vec3(0.0, -0.33, -0.67))); }

float wax(vec2 p, float t) {
    float sum = 0.0;
    for (int i = 0; i < 11; i++) {
        float k = float(i), lane = fract(k * 0.618034) * 2.0 - 1.0;
        float rise = t * (0.32 + 0.2 * fract(k * 0.37)) + k * 1.9;
        vec2 at = vec2(0.82 * lane + 0.12 * sin(rise * 1.3 + k), 0.62 * sin(rise));
        vec2 d = p - at;
        // Stretched where it moves, flat where it turns.
        d.y *= 1.0 - 0.35 * abs(cos(rise));
        float r = size * (0.085 + 0.07 * fract(k * 0.73)) * (1.0 + 0.2 * squeeze * exp(-4.0 * phase));
        float near = r * r / (dot(d, d) + 0.0015);
        sum += near * sqrt(near);
    }
    // The pool below, and what hangs above.
    sum += size * (0.09 / (abs(p.y + 0.60) + 0.05) + 0.05 / (abs(p.y - 0.60) + 0.05));
    return sum;
}

void main() {
    vec2 p = (isf_FragNormCoord - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float t = TIME * speed, e = 0.012;
    p.x += 0.015 * sin(6.0 * p.y + t);
    float h = wax(p, t);
    // The lumps are round on top: their height grows as the logarithm of what gathers there.
    vec2 slope = (log(vec2(wax(p + vec2(e, 0.0), t), wax(p + vec2(0.0, e), t))) - log(h)) / e;
    vec3 normal = normalize(vec3(-slope * smoothstep(9.0, 1.0, h), 5.0));
    float body = smoothstep(1.05, 1.20, h), warm = exp(-1.3 * (p.y + 0.5));
    vec3 fluid = mix(tint(hue + 0.62) * 0.16, tint(hue + 0.82) * 0.55, smoothstep(0.6, -0.6, p.y));
    fluid += tint(hue + 0.05) * 0.30 * smoothstep(0.2, 1.1, h);
    float lamp = clamp(dot(normal, normalize(vec3(0.0, -0.75, 0.65))), 0.0, 1.0);
    float shine = pow(clamp(dot(normal, normalize(vec3(0.35, 0.55, 0.75))), 0.0, 1.0), 30.0);
    vec3 lump = pow(tint(hue - 0.01 + 0.06 * p.y), vec3(1.7)) * 1.25 * (0.35 + 0.75 * lamp + 0.35 * warm) + 0.35 * shine;
    lump += vec3(0.9, 0.6, 0.2) * 0.35 * smoothstep(1.2, 3.2, h) * warm;
    vec3 c = mix(fluid, lump, body);
    c *= 1.0 - 0.35 * dot(p, p);
    gl_FragColor = vec4(1.0 - exp(-1.5 * max(c, 0.0)), 1.0);
}
