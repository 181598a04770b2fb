/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "Ghosts of the last beats stand behind the picture, each further away and of another colour.",
  "CATEGORIES": ["Filter", "Feedback", "Beat"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.8, "IDENTITY": 0.0},
    {"NAME": "rate", "TYPE": "float", "MIN": 0.5, "MAX": 8.0, "DEFAULT": 2.0, "LABEL": "echoes a beat"},
    {"NAME": "zoom", "TYPE": "float", "MIN": -0.5, "MAX": 0.5, "DEFAULT": 0.16, "LABEL": "how much larger each is"},
    {"NAME": "hue", "TYPE": "float", "MIN": -0.5, "MAX": 0.5, "DEFAULT": 0.12, "LABEL": "turns of colour for each"}
  ],
  "PASSES": [
    {"TARGET": "echo4", "PERSISTENT": true, "WIDTH": "ceil($WIDTH/2)", "HEIGHT": "ceil($HEIGHT/2)"},
    {"TARGET": "echo3", "PERSISTENT": true, "WIDTH": "ceil($WIDTH/2)", "HEIGHT": "ceil($HEIGHT/2)"},
    {"TARGET": "echo2", "PERSISTENT": true, "WIDTH": "ceil($WIDTH/2)", "HEIGHT": "ceil($HEIGHT/2)"},
    {"TARGET": "echo1", "PERSISTENT": true, "WIDTH": "ceil($WIDTH/2)", "HEIGHT": "ceil($HEIGHT/2)"},
    {}
  ]
}*/

uniform float beat, bpm;

vec3 turned(vec3 c, float turns) {
    const vec3 grey = vec3(0.57735026919);
    float a = 6.28318530718 * turns;
    return c * cos(a) + cross(grey, c) * sin(a) + grey * dot(grey, c) * (1.0 - cos(a));
}

vec2 nearer(float k) { return (isf_FragNormCoord - 0.5) / exp(zoom * k) + 0.5; }

// Whether a new echo begins with this picture.
bool due() { return TIME <= 0.0 || floor(beat * rate) > floor((beat - bpm / 60.0 * TIMEDELTA) * rate); }

void main() {
    vec2 uv = isf_FragNormCoord;
    vec4 base = IMG_NORM_PIXEL(inputImage, uv);
    if (PASSINDEX == 0) gl_FragColor = due() ? IMG_NORM_PIXEL(echo3, uv) : IMG_NORM_PIXEL(echo4, uv);
    else if (PASSINDEX == 1) gl_FragColor = due() ? IMG_NORM_PIXEL(echo2, uv) : IMG_NORM_PIXEL(echo3, uv);
    else if (PASSINDEX == 2) gl_FragColor = due() ? IMG_NORM_PIXEL(echo1, uv) : IMG_NORM_PIXEL(echo2, uv);
    else if (PASSINDEX == 3) gl_FragColor = due() ? base : IMG_NORM_PIXEL(echo1, uv);
    else {
        vec3 ghosts = 0.80 * clamp(turned(IMG_NORM_PIXEL(echo1, nearer(1.0)).rgb, hue), 0.0, 1.0);
        ghosts = max(ghosts, 0.62 * clamp(turned(IMG_NORM_PIXEL(echo2, nearer(2.0)).rgb, 2.0 * hue), 0.0, 1.0));
        ghosts = max(ghosts, 0.46 * clamp(turned(IMG_NORM_PIXEL(echo3, nearer(3.0)).rgb, 3.0 * hue), 0.0, 1.0));
        ghosts = max(ghosts, 0.32 * clamp(turned(IMG_NORM_PIXEL(echo4, nearer(4.0)).rgb, 4.0 * hue), 0.0, 1.0));
        vec3 c = base.rgb + amount * ghosts * (1.0 - base.rgb);
        gl_FragColor = vec4(mix(c, max(base.rgb, amount * ghosts), 0.35), base.a);
    }
}
