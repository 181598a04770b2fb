/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "A camera that films its own screen: the picture falls into itself and changes colour on the way.",
  "CATEGORIES": ["Filter", "Feedback"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.7, "IDENTITY": 0.0},
    {"NAME": "zoom", "TYPE": "float", "MIN": -2.0, "MAX": 2.0, "DEFAULT": 0.55, "LABEL": "e-folds a second"},
    {"NAME": "turn", "TYPE": "float", "MIN": -180.0, "MAX": 180.0, "DEFAULT": 14.0, "LABEL": "degrees a second"},
    {"NAME": "hue", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.22, "LABEL": "turns of colour a second"},
    {"NAME": "key", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.55, "LABEL": "how bright a part must be to stand before its past"}
  ],
  "PASSES": [
    {"TARGET": "loop", "PERSISTENT": true, "FLOAT": true},
    {}
  ]
}*/

vec2 mirrored(vec2 uv) { return 1.0 - abs(mod(uv, 2.0) - 1.0); }

vec3 turned(vec3 c, float turns) {
    const vec3 grey = vec3(0.57735026919);
    float a = 6.28318530718 * turns;
    return c * cos(a) + cross(grey, c) * sin(a) + grey * dot(grey, c) * (1.0 - cos(a));
}

void main() {
    vec4 base = IMG_THIS_PIXEL(inputImage);
    if (PASSINDEX == 1) {
        gl_FragColor = vec4(clamp(mix(base.rgb, IMG_THIS_PIXEL(loop).rgb, min(1.0, 4.0 * amount)), 0.0, 1.0), base.a);
        return;
    }
    if (TIME <= 0.0) {
        gl_FragColor = base;
        return;
    }
    vec2 wide = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float a = radians(turn) * TIMEDELTA;
    vec2 p = mat2(cos(a), -sin(a), sin(a), cos(a)) * ((isf_FragNormCoord - 0.5) * wide) * exp(-zoom * TIMEDELTA);
    vec3 old = turned(IMG_NORM_PIXEL(loop, mirrored(p / wide + 0.5)).rgb, hue * TIMEDELTA);
    // A screen is never quite as bright, nor as sharp in colour, as what it shows.
    old = clamp(mix(vec3(dot(old, vec3(0.333))), old, 1.0 + 0.6 * TIMEDELTA), 0.0, 1.0) * exp(-0.35 * TIMEDELTA);
    float l = dot(base.rgb, vec3(0.30, 0.55, 0.15));
    float front = smoothstep(key - 0.2, key + 0.25, l);
    // What is bright stands in front; into the rest the present seeps, whatever the frame rate.
    float seep = 1.0 - exp(-TIMEDELTA * 24.0 * pow(0.01, amount));
    gl_FragColor = vec4(mix(old, base.rgb, max(front, seep)), 1.0);
}
