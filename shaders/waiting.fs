/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "What is seen until the first picture comes: slow dark veils of light.",
  "CATEGORIES": ["Generator"],
  "INPUTS": [
    {"NAME": "light", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5},
    {"NAME": "speed", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.12}
  ]
}*/

float hash(vec2 p) { return fract(sin(dot(p, vec2(12.9898, 78.233))) * 43758.5453); }

void main() {
    vec2 p = (isf_FragNormCoord - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float t = TIME * speed;
    vec2 q = p + 0.35 * vec2(sin(p.y * 2.3 + t), cos(p.x * 1.9 - t * 0.8));
    q += 0.22 * vec2(sin(q.y * 3.7 - t * 1.3), cos(q.x * 3.1 + t));
    float veil = pow(0.5 + 0.5 * sin(q.x * 4.0 + q.y * 2.6 + t), 2.0);
    float glow = exp(-3.0 * dot(q - 0.3 * vec2(sin(t), cos(t * 0.7)), q));
    vec3 c = mix(vec3(0.018, 0.012, 0.045), vec3(0.16, 0.05, 0.30), veil);
    c = mix(c, vec3(0.03, 0.26, 0.36), 0.85 * glow * (0.4 + 0.6 * veil));
    c += vec3(0.34, 0.10, 0.16) * pow(veil * glow, 2.0);
    c *= 0.4 + 1.2 * light;
    // Half a step of noise hides the bands that eight bits would show in the dark.
    gl_FragColor = vec4(c + (hash(gl_FragCoord.xy + fract(TIME)) - 0.5) / 255.0, 1.0);
}
